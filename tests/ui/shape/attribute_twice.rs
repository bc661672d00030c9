#[pluv::room]
#[pluv::room(path = "/chat")]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
