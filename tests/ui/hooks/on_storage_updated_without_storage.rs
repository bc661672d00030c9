#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn on_storage_updated(&self) {}
}

fn main() {}
