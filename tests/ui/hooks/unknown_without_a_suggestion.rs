#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn tick(&self) {}
}

fn main() {}
