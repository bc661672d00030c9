#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&mut self) {}

    #[procedure]
    fn count(&self) {}

    #[event(name = "$shout")]
    fn shout(&self) {}

    #[hook]
    fn on_join(&self) {}

    #[event]
    unsafe fn whisper<T>(&self, input: T) {
        drop(input);
    }
}

fn main() {}
