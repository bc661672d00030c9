#[pluv::room(limits(user_id = 50))]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
