use pluv::prelude::*;

#[derive(Default, Serialize)]
pub struct Presence {
    pub typing: bool,
}

#[pluv::room(presence = Presence)]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
