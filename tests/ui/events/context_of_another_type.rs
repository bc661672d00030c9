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
    fn say(&self, cx: &str, input: Say) {
        drop((cx, input));
    }
}

fn main() {}
