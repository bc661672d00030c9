//! A chat room: who is here, who types, what they say, and a note that all of them write.

mod admin;
#[cfg(test)]
mod tests;

use pluv::prelude::*;

/// Who is connected.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// Tells users apart; one user may be here with several tabs.
    pub id: String,
    /// What the others call them.
    pub name: String,
}

/// What everyone sees of a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct Presence {
    /// Whether they are writing a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
    /// Where their pointer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
}

/// A message to everyone.
#[derive(Debug, Deserialize, TS)]
pub struct SendMessage {
    /// Its text.
    pub message: String,
}

/// A number to double.
#[derive(Debug, Deserialize, TS)]
pub struct Double {
    /// The number.
    pub value: f64,
}

/// Everything that this room can send.
#[pluv::output]
#[derive(Debug)]
pub enum Output {
    /// Someone said something.
    MessageReceived {
        /// The text.
        message: String,
    },
    /// Those who run the chat say something.
    Notice {
        /// The text.
        message: String,
    },
    /// The double of a number.
    Doubled {
        /// The double.
        value: f64,
    },
}

/// A chat room. The note of its page is a text of its document, in which clients share whatever else they like.
// One connection may send nearly as much as a room can take, for whoever tries out how fast it is.
#[pluv::room(user = User, presence = Presence, output = Output, storage = Yrs, limits(messages_per_second = 5_000))]
#[derive(Debug)]
pub struct Chat;

#[pluv::room]
impl Chat {
    /// A sign-in for the demo alone: whoever asks is who they say they are. A real one reads a session's cookie.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<User>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("who are you? add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        Ok(Some(User { id, name }))
    }

    /// Shows a message to everyone.
    #[event]
    fn send_message(&self, cx: &Context, input: SendMessage) {
        cx.broadcast(Output::MessageReceived { message: input.message });
    }

    /// Doubles a number, for whoever asked.
    #[event]
    fn double(&self, cx: &Context, input: Double) {
        cx.reply(Output::Doubled { value: input.value * 2.0 });
    }
}

/// The routes of those who run the chat, beside the room's own.
#[worker::event(fetch)]
async fn fetch(req: Request, env: Env, _ctx: worker::Context) -> worker::Result<Response> {
    let response = match admin::route(&req, &env).await {
        Ok(response) => response,
        Err(error) if error.is_internal() => {
            worker::console_error!("{error}");
            Some(Response::error(error.client_message(), 500)?)
        }
        Err(error) => Some(Response::error(error.client_message(), 400)?),
    };
    if let Some(response) = response {
        return Ok(response);
    }
    match Chat::route(&req, &env).await? {
        Some(response) => Ok(response),
        None => Response::error("not found", 404),
    }
}
