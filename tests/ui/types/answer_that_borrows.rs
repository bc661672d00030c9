use pluv::prelude::*;

pub struct Name<'a>(pub &'a str);

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn name<'a>(&'a self, _cx: &'a Context<'_, Self>) -> Result<Name<'a>> {
        Ok(Name("chat"))
    }
}

fn main() {}
