#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn send_message(&self) {}

    #[event]
    fn send__message(&self) {}
}

fn main() {}
