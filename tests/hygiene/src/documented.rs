//! Doc comments, `#[cfg]` and lints on handlers are carried through, and the room is documented as any struct is.
#![no_implicit_prelude]

use ::rooms::prelude::*;
use ::std::{
    prelude::v1::{Debug, derive},
    string::String,
    vec::Vec,
};

/// A message.
#[derive(Debug, Deserialize)]
pub struct Say {
    /// The text.
    pub text: String,
}

/// Everything that this room can send.
#[::rooms::output(crate = "::rooms")]
#[derive(Debug)]
pub enum Output {
    /// A user sent a message.
    Said {
        /// The text.
        text: String,
    },
}

/// A room that is public, with public handlers.
#[::rooms::room(output = Output, crate = "::rooms")]
#[derive(Debug)]
pub struct Documented;

/// Its handlers.
#[::rooms::room(crate = "::rooms")]
impl Documented {
    /// A constant beside them.
    pub const LIMIT: usize = 5;

    /// Says it to everyone.
    ///
    /// In two paragraphs.
    #[event]
    pub fn say(&self, cx: &::rooms::Context<'_, Self>, input: Say) {
        cx.broadcast(Output::Said { text: input.text });
    }

    /// Without the feature.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(feature = "quiet"))]
    #[event]
    pub async fn shout(&self, cx: &Context, Say { text }: Say) -> Result<()> {
        ::std::future::ready(()).await;
        cx.broadcast_others(Output::Said { text: text.to_uppercase() });
        Result::Ok(())
    }

    /// With the feature.
    #[cfg(feature = "quiet")]
    #[event]
    pub fn shout(&self) {}

    /// Never compiled, and with an input of an unknown type.
    #[cfg(any())]
    #[event]
    pub fn missing(&self, cx: &Context, input: Missing) {}

    /// Never compiled either.
    #[cfg(any())]
    #[hook]
    fn on_user_connected(&self, cx: &Missing) {}

    /// Returns the messages.
    #[procedure(reply = "past")]
    #[allow(clippy::missing_errors_doc, reason = "a lint that the user allows")]
    pub fn history(&self, _: &Context<'_, Self>, _: Say) -> Result<Vec<String>> {
        Result::Ok(Vec::new())
    }

    /// A helper, which is not a handler.
    #[must_use]
    pub fn helper(&mut self, a: u8) -> u8 {
        a
    }
}
