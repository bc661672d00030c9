//! What clients read.

use serde::Deserialize;
use serde_json::Value;

/// A frame that a client has read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Frame {
    /// The event, or the protocol's own message, whose name begins with `$`.
    #[serde(rename = "type")]
    pub name: String,
    /// What it holds.
    pub data: Value,
    /// The id of the connection that caused it.
    pub connection_id: Option<String>,
    /// The user of that connection.
    #[serde(default)]
    pub user: Value,
    /// The `id` of the request that it answers.
    #[serde(default)]
    pub id: Option<Value>,
}

impl Frame {
    /// Reads one that the room has sent.
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("the room sent no frame: {error}: {text}"))
    }

    /// Whether the application sent it, and not the protocol.
    #[must_use]
    pub fn is_event(&self) -> bool {
        !self.name.starts_with('$')
    }
}
