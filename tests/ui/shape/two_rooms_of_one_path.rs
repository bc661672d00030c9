#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {}

#[pluv::room]
pub struct Board;

#[pluv::room]
impl Board {}

pluv::serve!(Chat, Board);

fn main() {}
