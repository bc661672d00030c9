#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event(name = "$say")]
    fn say(&self) {}
}

fn main() {}
