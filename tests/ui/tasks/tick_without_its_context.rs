use std::time::Duration;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick("50ms")]
    fn step(&self, elapsed: Duration) {
        let _ = elapsed;
    }
}

fn main() {}
