use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub enum User {
    Guest { id: String },
    Author { id: String, name: String },
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
