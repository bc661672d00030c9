use pluv::prelude::*;

#[derive(Deserialize)]
pub struct Say<'a> {
    pub text: &'a str,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say<'a>(&self, _cx: &Context<'_, Self>, input: Say<'a>) {
        let _ = input.text;
    }
}

fn main() {}
