#[pluv::room(presense = Presence)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
