pub struct User;

#[pluv::room]
pub struct Chat;

#[pluv::room(user = User)]
impl Chat {}

fn main() {}
