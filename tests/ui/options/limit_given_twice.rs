#[pluv::room(limits(idle = "1m", idle = "2m"))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
