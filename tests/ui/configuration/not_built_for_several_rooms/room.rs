#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {}

/// The second room.
#[pluv::room(path = "/board")]
pub struct Board;

#[pluv::room]
impl Board {}
