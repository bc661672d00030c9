use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn authorize(_req: &Request, _env: &Env, _room: &str) -> Result<Option<User>> {
        Ok(None)
    }
}

fn main() {}
