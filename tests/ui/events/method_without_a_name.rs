#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn __(&self) {}
}

fn main() {}
