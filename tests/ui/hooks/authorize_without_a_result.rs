use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: String,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn authorize(_req: &Request, _env: &Env, _room: &str) -> Option<User> {
        None
    }
}

fn main() {}
