use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self) -> Result<(), String> {
        Err("no".to_owned())
    }
}

fn main() {}
