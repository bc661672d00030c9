#[pluv::room(storage = Automerge)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
