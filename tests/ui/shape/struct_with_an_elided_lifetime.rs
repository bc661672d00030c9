use pluv::prelude::*;

#[pluv::room]
pub struct Chat<'a> {
    name: &'a str,
}

#[pluv::room]
impl Chat<'_> {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>) {
        let _ = self.name;
    }
}

pluv::serve!(Chat<'static>);

fn main() {}
