#[pluv::room(binding = "my room")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
