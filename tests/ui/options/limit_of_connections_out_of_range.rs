#[pluv::room(limits(connections = 40_000))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
