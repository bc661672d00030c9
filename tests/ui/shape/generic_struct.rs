use pluv::prelude::*;

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Said { text: String },
}

#[derive(Deserialize)]
pub struct Say {
    pub text: String,
}

#[pluv::room(output = Output)]
pub struct Chat<T> {
    state: T,
}

#[pluv::room]
impl<T> Chat<T> {
    #[event]
    async fn say(&self, cx: &Context, input: Say) -> Result<()> {
        let _ = &self.state;
        cx.broadcast(Output::Said { text: input.text });
        Ok(())
    }

    #[procedure]
    fn count(&self) -> u32 {
        1
    }
}

pluv::serve!(Chat<u32>);

fn main() {}
