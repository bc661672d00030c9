use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "payload")]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = self::Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
