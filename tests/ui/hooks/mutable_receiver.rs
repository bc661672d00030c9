#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_user_connected(&mut self) {}
}

fn main() {}
