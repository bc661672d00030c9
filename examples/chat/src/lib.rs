//! A chat room: connected users, typing, messages, and a note that all users edit.

mod admin;
#[cfg(test)]
mod tests;

use pluv::prelude::*;

/// A connected user.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// The unique id; one user can be connected with several tabs.
    pub id: String,
    /// The display name.
    pub name: String,
}

/// The part of a user that everyone sees.
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
    /// A user sent a message.
    MessageReceived {
        /// The text.
        message: String,
    },
    /// An administrator sent a notice.
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

/// A chat room. The page's note is a text of its document, in which clients can share other data too.
// One connection may send nearly as much as a room can take, for benchmarks.
#[pluv::room(user = User, presence = Presence, output = Output, storage = Yrs, limits(messages_per_second = 5_000))]
#[derive(Debug)]
pub struct Chat;

#[pluv::room]
impl Chat {
    /// Signs users in without a check, for the demo only. A real hook reads a session's cookie.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<User>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("the user is missing: add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        Ok(Some(User { id, name }))
    }

    /// Sends a message to everyone.
    #[event]
    fn send_message(&self, cx: &Context, input: SendMessage) {
        cx.broadcast(Output::MessageReceived { message: input.message });
    }

    /// Doubles a number, and sends it to the caller only.
    #[event]
    fn double(&self, cx: &Context, input: Double) {
        cx.reply(Output::Doubled { value: input.value * 2.0 });
    }
}

/// The worker's entry: the routes for administrators, and the room's own.
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
