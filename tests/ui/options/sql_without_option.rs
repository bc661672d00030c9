#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn read(&self, cx: &Context) {
        cx.sql();
    }
}

fn main() {}
