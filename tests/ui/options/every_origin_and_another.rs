#[pluv::room(cors = ["*", "https://app.example"])]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
