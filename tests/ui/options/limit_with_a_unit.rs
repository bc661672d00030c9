#[pluv::room(storage = Yrs, limits(storage = "5MB"))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
