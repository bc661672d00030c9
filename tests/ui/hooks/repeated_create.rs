use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn create(_env: &Env) -> Result<Self> {
        Ok(Self)
    }

    #[hook]
    fn create(_env: &Env) -> Self {
        Self
    }
}

fn main() {}
