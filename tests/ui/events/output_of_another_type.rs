use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        cx.broadcast("hello");
    }
}

fn main() {}
