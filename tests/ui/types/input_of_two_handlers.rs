use pluv::prelude::*;

pub struct Text {
    pub text: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, _cx: &Context<'_, Self>, input: Text) {
        drop(input.text);
    }

    #[event]
    async fn shout(&self, _cx: &Context<'_, Self>, input: Text) -> Result<()> {
        drop(input.text);
        Ok(())
    }
}

fn main() {}
