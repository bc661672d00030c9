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
    fn remind(&self, cx: &Context, input: Reminder) {
        let _ = (cx, input.text);
    }
}

fn main() {}
