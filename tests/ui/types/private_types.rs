use pluv::prelude::*;

#[derive(Default, Serialize, Deserialize)]
struct Presence {
    typing: bool,
}

#[pluv::room(presence = Presence)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let _ = cx.presence().typing;
    }
}

pluv::serve!(Chat);

fn main() {}
