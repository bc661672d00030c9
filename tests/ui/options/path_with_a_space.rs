#[pluv::room(path = "/my chat")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
