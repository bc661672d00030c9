#[pluv::room(retention = "30d")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
