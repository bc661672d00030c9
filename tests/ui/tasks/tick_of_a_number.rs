#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick(50)]
    fn step(&self) {}
}

fn main() {}
