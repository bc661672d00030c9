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
    fn remind(&self, _cx: &TaskContext, input: Reminder) {
        let _ = input.text;
    }

    #[task(name = "remind", cron = "0 9 * * *")]
    fn remind_daily(&self) {}
}

fn main() {}
