#[pluv::room(database = "DB")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
