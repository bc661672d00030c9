#[pluv::room(path = "/chat", path = "/rooms")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
