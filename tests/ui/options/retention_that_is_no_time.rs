#[pluv::room(storage = Yrs, retention = "a month")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
