#[pluv::room(storage = Yrs)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    async fn on_room_deleted(&self) {}
}

fn main() {}
