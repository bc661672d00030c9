#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn read(&self, cx: &Context) -> Result<()> {
        cx.storage().usage()?;
        Ok(())
    }
}

fn main() {}
