#[pluv::room(limits(idle = "2d"))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
