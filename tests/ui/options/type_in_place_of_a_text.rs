#[pluv::room(path = Chat)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
