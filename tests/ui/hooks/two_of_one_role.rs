#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook(user_connected)]
    fn greet(&self) {}

    #[hook]
    fn on_user_connected(&self) {}
}

pluv::serve!(Chat);

fn main() {}
