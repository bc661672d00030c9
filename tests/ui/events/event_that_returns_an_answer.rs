#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn count(&self) -> Result<u32> {
        Ok(0)
    }
}

fn main() {}
