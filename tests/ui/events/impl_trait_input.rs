use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>, input: impl std::fmt::Debug) {
        drop(input);
    }
}

fn main() {}
