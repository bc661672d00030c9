#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    const fn say(&self) {}
}

fn main() {}
