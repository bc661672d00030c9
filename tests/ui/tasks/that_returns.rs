use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct Reminder {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task]
    fn remind(&self, _cx: &TaskContext, input: Reminder) -> String {
        input.text
    }
}

fn main() {}
