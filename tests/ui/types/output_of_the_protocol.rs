use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
    #[serde(rename = "$exit")]
    Exit { session: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
