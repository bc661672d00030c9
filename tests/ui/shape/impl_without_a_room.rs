use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let name = cx.user().name.clone();
        cx.broadcast(Output::Said { text: name });
    }

    #[event]
    async fn shout(&self, cx: &Context) -> Result<()> {
        self.say(cx);
        Ok(())
    }
}

pluv::serve!(Chat);

fn main() {}
