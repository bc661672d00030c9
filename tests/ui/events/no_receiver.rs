#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(cx: &Context) {
        let _ = cx.room();
    }
}

fn main() {}
