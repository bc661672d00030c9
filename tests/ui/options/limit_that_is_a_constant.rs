const SEATS: u32 = 50;

#[pluv::room(limits(connections = SEATS, idle = "90s"))]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
