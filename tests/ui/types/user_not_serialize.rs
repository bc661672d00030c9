use pluv::prelude::*;

#[derive(Deserialize)]
pub struct User {
    pub id: String,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
