//! A room where two globs import a `Context` and a `Result` each, and where handlers use pluv's.
#![allow(clippy::wildcard_imports, reason = "what the test is about")]

use rooms::prelude::*;
use worker::*;

/// A text.
#[derive(Debug, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
}

/// Everything that this room sends. It needs no crate but pluv.
#[rooms::output(crate = "::rooms")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A user sent a message.
    Said {
        /// The text.
        text: String,
    },
    /// A user left.
    #[serde(rename = "gone")]
    Left,
}

/// A room that names the roles of its hooks.
#[rooms::room(output = Output, storage = Yrs, path = "/globs", crate = "::rooms")]
#[derive(Debug)]
pub struct Globs {
    name: String,
}

#[rooms::room(crate = "::rooms")]
impl Globs {
    #[hook(create)]
    fn new(env: &Env) -> Result<Self> {
        Ok(Self { name: env.var("NAME")?.to_string() })
    }

    #[hook(user_connected)]
    fn greet(&self, cx: &Context) {
        cx.broadcast(Output::Said { text: self.name.clone() });
    }

    #[hook(user_disconnected)]
    async fn part(&self, cx: &Context<'_>) -> Result<()> {
        std::future::ready(()).await;
        cx.broadcast(Output::Left);
        Ok(())
    }

    #[hook(initial_storage)]
    fn load(&self, _room: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    #[hook(room_deleted)]
    fn save(&self, _room: &FinalState<'_>) {}

    #[hook(storage_updated)]
    fn updated(&self, cx: &Context) -> Result<()> {
        // An item of the other glob only.
        let _: Option<Method> = cx.storage().usage().map(|_| None)?;
        Ok(())
    }

    #[event]
    async fn say(&self, cx: &Context, input: Text) -> Result<()> {
        std::future::ready(()).await;
        cx.broadcast(Output::Said { text: input.text });
        Ok(())
    }

    #[procedure]
    fn name(&self, _cx: &rooms::Context) -> Result<String> {
        Ok(self.name.clone())
    }
}
