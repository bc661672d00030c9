use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: std::rc::Rc<Context<'_, Self>>) {}
}

pluv::serve!(Chat);

fn main() {}
