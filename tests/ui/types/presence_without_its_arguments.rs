use pluv::prelude::*;

#[derive(Default, Serialize, Deserialize)]
pub struct Presence<T> {
    pub cursor: T,
}

#[pluv::room(presence = Presence)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let _ = cx.presence();
    }
}

pluv::serve!(Chat);

fn main() {}
