use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    async fn create(_env: &Env) -> Result<Self> {
        Ok(Self)
    }
}

fn main() {}
