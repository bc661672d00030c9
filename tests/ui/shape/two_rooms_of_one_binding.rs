#[pluv::room(binding = "ROOM")]
pub struct Chat;

#[pluv::room]
impl Chat {}

#[pluv::room(binding = "ROOM", path = "/board")]
pub struct Board;

#[pluv::room]
impl Board {}

pluv::serve!(Chat, Board);

fn main() {}
