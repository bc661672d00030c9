use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>, input: Vec<Sya>) {
        drop(input);
    }
}

pluv::serve!(Chat);

fn main() {}
