#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context<'_, Self>) {
        let _ = cx.room();
    }
}

fn main() {}
