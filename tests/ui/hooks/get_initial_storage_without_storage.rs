#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    async fn get_initial_storage(&self, _room: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

fn main() {}
