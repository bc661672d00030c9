#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event(reply = "said")]
    fn say(&self) {}
}

fn main() {}
