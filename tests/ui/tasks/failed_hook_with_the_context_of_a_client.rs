use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_task_failed(&self, _cx: &Context, task: &FailedTask) {
        let _ = task;
    }
}

fn main() {}
