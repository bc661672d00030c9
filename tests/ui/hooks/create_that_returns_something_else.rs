use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn create(_env: &Env) -> Result<u32> {
        Ok(0)
    }
}

fn main() {}
