#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self) {}
}

#[pluv::room]
impl Chat {
    #[event]
    fn shout(&self) {}
}

fn main() {}
