#[pluv::room(limits(storage = 5_000_000))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
