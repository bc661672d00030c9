use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    key: String,
}

impl User {
    pub fn id(&self) -> &str {
        &self.key
    }
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
