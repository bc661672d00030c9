#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event("say")]
    fn speak(&self) {}
}

fn main() {}
