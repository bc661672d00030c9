#[pluv::room(storage = Yrs)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    async fn get_initial_storage(&self, _room: &str) -> Result<String> {
        Ok(String::new())
    }
}

fn main() {}
