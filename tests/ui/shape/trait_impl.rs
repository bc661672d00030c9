pub trait Talk {
    fn say(&self);
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {}

#[pluv::room]
impl Talk for Chat {
    #[event]
    fn say(&self) {}
}

fn main() {}
