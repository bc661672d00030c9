use std::time::Duration;

use pluv::prelude::*;

#[derive(Serialize)]
pub struct Reminder {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn later(&self, cx: &Context) -> Result<()> {
        cx.schedule(Duration::from_secs(60), Reminder { text: "now".to_owned() })?;
        Ok(())
    }

    #[task]
    fn remind(&self, _cx: &TaskContext, input: Reminder) {
        let _ = input.text;
    }
}

fn main() {}
