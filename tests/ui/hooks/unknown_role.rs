#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook(user_conected)]
    fn greet(&self) {}
}

fn main() {}
