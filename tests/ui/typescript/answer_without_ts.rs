use pluv::prelude::*;

#[derive(Serialize)]
pub struct Message {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn history(&self) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }
}

fn main() {}
