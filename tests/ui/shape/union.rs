use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub union Chat {
    a: u32,
    b: f32,
}

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        cx.broadcast(Output::Said { text: "hello".to_owned() });
    }
}

pluv::serve!(Chat);

fn main() {}
