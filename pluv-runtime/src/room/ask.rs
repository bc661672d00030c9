//! What the worker asks of a room, and what it is told.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Evict, Protocol};

/// What is asked. What it takes besides is bytes of their own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Ask {
    /// An output, for everyone.
    Broadcast,
    /// An output, for a user.
    SendToUser(String),
    /// Who is there.
    Sessions,
    /// How many connections there are.
    Size,
    /// That connections be closed.
    Evict(Evict),
    /// All of the document.
    Storage,
    /// An update of the document.
    UpdateStorage,
    /// That the document be deleted, and everyone sent away.
    Delete,
}

/// What the worker is told.
pub(crate) type Answer = Result<Vec<u8>, Unmet>;

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unmet {
    /// What was asked can't be done.
    Wrong(String),
    /// The room failed.
    Failed(String),
}

/// A connection, as the worker is told of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) protocol: Protocol,
    pub(crate) user: Box<RawValue>,
    pub(crate) presence: Box<RawValue>,
}
