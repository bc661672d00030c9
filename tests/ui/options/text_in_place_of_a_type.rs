#[pluv::room(output = "Output")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
