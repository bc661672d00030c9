use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct Reminder {
    pub text: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    pub id: String,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task]
    fn remind(&self, cx: &TaskContext, input: Reminder) {
        let _ = (&cx.user().id, input.text);
    }
}

fn main() {}
