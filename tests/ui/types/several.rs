use pluv::prelude::*;

pub struct User {
    pub name: String,
}

#[derive(Serialize, Deserialize)]
pub struct Presence {
    pub typing: bool,
}

pub enum Output {
    Said { text: String },
}

pub struct Say {
    pub text: String,
}

#[pluv::room(user = User, presence = Presence, output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context, input: Say) {
        cx.broadcast(Output::Said { text: input.text });
    }
}

fn main() {}
