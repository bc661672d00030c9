use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: Option<String>,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
