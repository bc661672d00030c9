use pluv::prelude::*;

pub trait Talk {
    fn say(&self, cx: &Context<'_, Chat>);
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Talk for Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>) {}
}

pluv::serve!(Chat);

fn main() {}
