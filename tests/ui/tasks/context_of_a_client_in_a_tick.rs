#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[tick("50ms")]
    fn step(&self, cx: &Context) {
        let _ = cx;
    }
}

fn main() {}
