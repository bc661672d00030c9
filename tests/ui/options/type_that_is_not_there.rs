#[pluv::room(output = Outptu)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
