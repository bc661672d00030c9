#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event(nmae = "say")]
    fn speak(&self) {}
}

fn main() {}
