#[pluv::room(cors = "https://app.example/chat")]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
