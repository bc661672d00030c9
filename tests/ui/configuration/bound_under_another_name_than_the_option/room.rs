#[pluv::room(path = "/chat", binding = "ROOMS")]
pub struct Chat;

#[pluv::room]
impl Chat {}
