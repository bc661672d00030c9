use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub name: String,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
