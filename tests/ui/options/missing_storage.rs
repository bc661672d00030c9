use pluv::prelude::*;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn look(&self, cx: &Context<'_, Self>) -> Result<()> {
        cx.storage().usage()?;
        Ok(())
    }
}

fn main() {}
