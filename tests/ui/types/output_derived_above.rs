use pluv::prelude::*;

#[derive(Debug, Serialize)]
#[pluv::output]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
