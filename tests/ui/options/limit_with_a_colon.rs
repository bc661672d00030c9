#[pluv::room(limits(message: 5_000))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
