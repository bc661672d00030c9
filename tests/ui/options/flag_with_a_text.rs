#[pluv::room(relay_unknown = "yes")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
