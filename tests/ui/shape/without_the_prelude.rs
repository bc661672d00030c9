#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, context: &Context<'_, Self>) {
        let _ = context.room();
    }
}

fn main() {}
