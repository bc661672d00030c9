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
    fn say(&self, _cx: &Context<'_, Self>, input: Say<'_>) {
        let _ = input.text;
    }
}

fn main() {}
