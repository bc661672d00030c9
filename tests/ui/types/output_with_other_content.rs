#[pluv::output]
#[serde(content = "payload", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

#[pluv::room(output = self::Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
