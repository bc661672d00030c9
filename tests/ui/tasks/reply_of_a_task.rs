use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct Reminder {
    pub text: String,
}

#[pluv::output]
pub enum Output {
    Reminded { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task]
    fn remind(&self, cx: &TaskContext, input: Reminder) {
        cx.reply(Output::Reminded { text: input.text });
    }
}

fn main() {}
