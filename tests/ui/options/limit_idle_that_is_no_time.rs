#[pluv::room(limits(idle = 90))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
