use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: u64,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
