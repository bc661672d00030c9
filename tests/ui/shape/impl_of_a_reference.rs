#[pluv::room]
pub struct Chat;

#[pluv::room]
impl &Chat {}

fn main() {}
