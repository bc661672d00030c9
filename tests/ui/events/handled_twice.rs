#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn send_message(&self) {}

    #[event(name = "sendMessage")]
    fn send(&self) {}
}

fn main() {}
