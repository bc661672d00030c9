#[pluv::room(bindng = "ROOM")]
pub struct Chat;

#[pluv::room]
impl Chat {}
