#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick("5ms")]
    fn step(&self) {}
}

fn main() {}
