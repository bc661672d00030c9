use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: Context<'_, Self>) {
        drop(cx);
    }
}

fn main() {}
