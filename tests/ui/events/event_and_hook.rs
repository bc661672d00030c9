#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    #[hook]
    fn on_message(&self) {}
}

fn main() {}
