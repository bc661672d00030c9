//! The frames that clients receive.

use serde::Deserialize;
use serde_json::Value;

/// A frame that a client has received.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Frame {
    /// The name of the event, or of the protocol's message, which begins with `$`.
    #[serde(rename = "type")]
    pub name: String,
    /// The data of the message.
    pub data: Value,
    /// The id of the sender's connection.
    pub connection_id: Option<String>,
    /// The sender.
    #[serde(default)]
    pub user: Value,
    /// The `id` of the request that it answers.
    #[serde(default)]
    pub id: Option<Value>,
}

impl Frame {
    /// Parses a frame of the room.
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("the room sent an invalid frame: {error}: {text}"))
    }

    /// Returns whether it is an event of the application, and not a message of the protocol.
    #[must_use]
    pub fn is_event(&self) -> bool {
        !self.name.starts_with('$')
    }
}
