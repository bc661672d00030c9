use pluv::prelude::*;

#[derive(Deserialize)]
pub struct SendMessage {
    pub message: String,
}

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn send_message(&self, _cx: &Context<'_, Self>, _input: SendMessage) {}
}

fn main() {}
