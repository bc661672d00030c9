#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick("50ms")]
    fn step(&self, _cx: &TaskContext, count: u32) {
        let _ = count;
    }
}

fn main() {}
