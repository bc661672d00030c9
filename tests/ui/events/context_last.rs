use pluv::prelude::*;

#[derive(Deserialize)]
pub struct Say {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, input: Say, cx: &Context) {
        drop((input, cx));
    }
}

fn main() {}
