#[pluv::room(user)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
