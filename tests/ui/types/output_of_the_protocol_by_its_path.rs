mod wire {
    #[pluv::output]
    pub enum Output {
        #[serde(rename = "$said")]
        Said { text: String },
    }
}

#[pluv::room(output = self::wire::Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
