use std::time::Duration;

use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
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

    #[task(cron = "0 9 * * *")]
    fn remind_daily(&self) {}
}

fn main() {}
