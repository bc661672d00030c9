use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    MessageReceived { message: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
