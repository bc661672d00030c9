use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_message(&self, _cx: &Context<'_, Self>, _message: &str) {}
}

fn main() {}
