use pluv::prelude::*;

pub struct Say {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>, input: Say) {
        drop(input.text);
    }
}

fn main() {}
