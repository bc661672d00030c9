#[pluv::output]
pub enum Output {
    MessageSent { id: u32 },
    #[serde(rename = "messageSent")]
    MessageKept { id: u32 },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
