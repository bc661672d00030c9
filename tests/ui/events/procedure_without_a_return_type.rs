#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    async fn count(&self) {}
}

fn main() {}
