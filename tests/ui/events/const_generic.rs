use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say<const N: usize>(&self, _cx: &Context<'_, Self>, input: [u8; N]) {
        let _ = input;
    }
}

fn main() {}
