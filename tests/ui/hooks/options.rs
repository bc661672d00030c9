#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook(name = "joined")]
    fn on_user_connected(&self) {}
}

fn main() {}
