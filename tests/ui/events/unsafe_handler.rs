#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    unsafe fn say(&self) {}
}

fn main() {}
