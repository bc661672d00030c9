#[pluv::output]
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
