#[pluv::room(crate = "my pluv")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
