#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_user_connected(&self) -> u32 {
        0
    }
}

fn main() {}
