pub struct Count;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    async fn counts(&self) -> Result<Vec<Count>> {
        Ok(vec![Count])
    }
}

fn main() {}
