pub enum Output {
    Said { text: String },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        cx.broadcast(Output::Said { text: "hello".to_owned() });
    }
}

fn main() {}
