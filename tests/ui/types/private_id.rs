mod people {
    #[derive(pluv::prelude::Serialize, pluv::prelude::Deserialize)]
    pub struct User {
        id: String,
    }
}

#[pluv::room(user = people::User)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
