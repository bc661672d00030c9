#[pluv::room(storage = Yrs, limits(storage = 1_000_000, message = 1_000_000))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
