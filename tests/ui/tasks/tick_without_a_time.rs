#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick]
    fn step(&self) {}
}

fn main() {}
