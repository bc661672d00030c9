#[pluv::output]
#[derive(Debug, serde::Serialize)]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
