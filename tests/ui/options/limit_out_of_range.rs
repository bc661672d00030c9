#[pluv::room(storage = Yrs, limits(storage = 2_000_000_000))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
