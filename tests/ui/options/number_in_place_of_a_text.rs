#[pluv::room(binding = 5)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
