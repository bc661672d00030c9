#[pluv::room(usr = User, path = "chat", binding = 5, relay_unknown, relay_unknown)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
