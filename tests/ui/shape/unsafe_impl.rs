#[pluv::room]
pub struct Chat;

#[pluv::room]
unsafe impl Chat {}

fn main() {}
