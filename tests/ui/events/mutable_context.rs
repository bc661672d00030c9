use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &mut Context<'_, Self>) {
        let _ = cx;
    }
}

fn main() {}
