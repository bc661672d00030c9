#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn count(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
