use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn move_to(&self, _cx: &Context<'_, Self>, x: f64, y: f64) {
        let _ = x + y;
    }
}

fn main() {}
