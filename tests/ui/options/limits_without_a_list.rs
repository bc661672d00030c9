#[pluv::room(storage = Yrs, limits = 5_000_000)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
