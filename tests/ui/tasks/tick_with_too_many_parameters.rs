use std::time::Duration;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick("50ms")]
    fn step(&self, _cx: &TaskContext, elapsed: Duration, count: u32) {
        let _ = (elapsed, count);
    }
}

fn main() {}
