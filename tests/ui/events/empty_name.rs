#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event(name = "")]
    fn say(&self) {}
}

fn main() {}
