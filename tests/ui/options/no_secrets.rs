#[pluv::room(secret = [])]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
