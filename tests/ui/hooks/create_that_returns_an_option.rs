use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn create(_env: &Env) -> Option<Self> {
        Some(Self)
    }
}

pluv::serve!(Chat);

fn main() {}
