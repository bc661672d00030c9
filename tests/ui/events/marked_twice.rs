#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    #[event(name = "say")]
    fn speak(&self) {}
}

fn main() {}
