use pluv::prelude::*;

#[pluv::room]
pub struct Chat<T> {
    state: T,
}

#[pluv::room]
impl Chat<u32> {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>) {
        let _ = self.state;
    }
}

pluv::serve!(Chat<u32>);

fn main() {}
