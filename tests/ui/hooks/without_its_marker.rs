use pluv::prelude::*;

#[pluv::room]
pub struct Chat {
    limit: usize,
}

#[pluv::room]
impl Chat {
    fn create(_env: &Env) -> Result<Self> {
        Ok(Self { limit: 5 })
    }
}

fn main() {}
