#[pluv::room(path = "/chat" binding = "ROOM")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
