#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    extern "C" fn say(&self) {}
}

fn main() {}
