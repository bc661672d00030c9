use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(cx: &Context<'_, Self>) {
        let _ = cx.room();
    }
}

fn main() {}
