use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _env: &Env) {}
}

pluv::serve!(Chat);

fn main() {}
