use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    async fn history(&self) -> Result<Histry> {
        Err(Error::client("there is none"))
    }
}

pluv::serve!(Chat);

fn main() {}
