#[pluv::room(path = "chat")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
