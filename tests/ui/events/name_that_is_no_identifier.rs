#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event(name = "send-message")]
    fn say(&self) {}
}

fn main() {}
