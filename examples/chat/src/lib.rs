//! A chat room: connected users, typing, messages with their history, and a note that all users edit.

mod admin;
#[cfg(test)]
mod tests;

use pluv::prelude::*;

/// How long messages are kept, in milliseconds. The page says it too.
const RETENTION: u64 = 30 * 24 * 60 * 60 * 1000;
/// How many messages are kept at most, by the task that runs once a day.
const MAX_MESSAGES: u32 = 10_000;
/// The maximum size of a message in bytes: the 4,000 characters that the page accepts, in any script.
const MAX_SIZE: usize = 16_000;
/// How many messages a page of the history has at most.
const MAX_PAGE: u32 = 50;

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

/// A page of the history.
#[derive(Debug, Deserialize, TS)]
pub struct Page {
    /// The id of the message that the page ends before; without it, the page has the newest messages.
    pub before: Option<u32>,
    /// How many messages the page has at most: 50, or fewer.
    pub limit: Option<u32>,
}

/// A message as it is stored.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct ChatMessage {
    /// The id: each message has a greater one than the last.
    pub id: u32,
    /// The id of the user who sent it.
    pub author: String,
    /// The name that they had.
    pub name: String,
    /// The text.
    pub message: String,
    /// The time, in milliseconds since the Unix epoch.
    pub time: u64,
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
    MessageReceived(ChatMessage),
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

/// A chat room with a history. The page's note is a text of its document, in which clients can share other data too.
#[pluv::room(
    user = User,
    presence = Presence,
    output = Output,
    storage = Yrs,
    migrations = ["migrations/0001_messages.sql"]
)]
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

    /// Stores a message, and sends it to everyone: both, or neither.
    #[event]
    fn send_message(&self, cx: &Context, input: SendMessage) -> Result<()> {
        if input.message.len() > MAX_SIZE {
            return Err(Error::client(format!("the message is longer than {MAX_SIZE} bytes")));
        }
        let message = cx.sql().query_one(
            "INSERT INTO messages (author, name, message, time) VALUES (?, ?, ?, ?) RETURNING *",
            params![cx.user().id, cx.user().name, input.message, cx.now()],
        )?;
        cx.broadcast(Output::MessageReceived(message));
        Ok(())
    }

    /// Returns a page of the history, newest first.
    // A client calls it once it has joined, and again after each reconnect. The room takes one thing at a time, so a message that
    // is stored before the call is in the answer, and one that is stored after the join is sent: none is in neither, and one that
    // is in both has one id. The hook `user_connected` would lose nothing either, but send a reconnecting client again what it has.
    #[procedure]
    fn history(&self, cx: &Context, input: Page) -> Result<Vec<ChatMessage>> {
        let (before, limit) = (input.before.unwrap_or(u32::MAX), input.limit.unwrap_or(MAX_PAGE).min(MAX_PAGE));
        cx.sql().query("SELECT * FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?", params![before, limit])
    }

    /// Deletes old messages, once a day.
    #[task(cron = "0 3 * * *")]
    fn delete_old_messages(&self, cx: &TaskContext) -> Result<()> {
        // First by the key, as there is no index of times: the second statement then reads `MAX_MESSAGES` rows at most.
        let statement = "DELETE FROM messages WHERE id <= (SELECT MAX(id) FROM messages) - ?";
        cx.sql().exec(statement, params![MAX_MESSAGES])?;
        cx.sql().exec("DELETE FROM messages WHERE time < ?", params![cx.now().saturating_sub(RETENTION)])?;
        Ok(())
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
