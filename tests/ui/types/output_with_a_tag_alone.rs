use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
