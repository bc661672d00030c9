use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say<T: std::fmt::Debug>(&self, _cx: &Context<'_, Self>, input: T) {
        drop(input);
    }
}

fn main() {}
