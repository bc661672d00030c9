use pluv::prelude::*;

type Done = std::result::Result<(), Error>;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    async fn clear(&self) -> Done {
        Ok(())
    }
}

pluv::serve!(Chat);

fn main() {}
