#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_user_connected(&self) {}

    #[hook]
    fn on_user_connected(&self) {}
}

fn main() {}
