#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn count(&self) -> Result<u32, String> {
        Err("no".to_owned())
    }
}

fn main() {}
