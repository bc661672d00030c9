use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>, _cy: &Context<'_, Self>) {}
}

pluv::serve!(Chat);

fn main() {}
