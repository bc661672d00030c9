//! Requests from the worker to a room, and their responses.

use futures_channel::oneshot;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{close::Evict, connection::Connection, definition::Typed};
use crate::{document::StoreError, error::Error, protocol::Protocol, sql::SqlError};

/// A request. Its argument, if it takes one, comes separately as bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AdminRequest {
    /// Send an output to everyone.
    Broadcast,
    /// Send an output to a user.
    SendToUser(String),
    /// List the sessions.
    Sessions,
    /// Count the connections.
    Size,
    /// Close connections.
    Evict(Evict),
    /// Read the whole document.
    Storage,
    /// Apply an update of the document.
    UpdateStorage,
    /// Close all connections and delete the document.
    Delete,
}

/// A call of a procedure. Its input comes separately.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    /// The procedure's name.
    pub(crate) name: String,
    /// The id of a session that there is not, for what the call causes.
    pub(crate) session: String,
    /// The user as JSON, of a procedure that clients call; none of one that the worker alone calls.
    pub(crate) user: Option<Box<RawValue>>,
}

/// A response.
pub(crate) type AdminResponse = Result<Vec<u8>, AdminError>;

/// A response that is there, or that comes later.
#[derive(Debug)]
pub(crate) enum AdminReply {
    Ready(AdminResponse),
    Pending(oneshot::Receiver<AdminResponse>),
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdminError {
    /// The request can't be carried out.
    Invalid(String),
    /// The room failed.
    Failed(String),
}

impl From<Error> for AdminError {
    fn from(error: Error) -> Self {
        match error.is_internal() {
            true => Self::Failed("internal error, and the log says more".to_owned()),
            false => Self::Invalid(error.client_message().to_owned()),
        }
    }
}

impl From<SqlError> for AdminError {
    fn from(error: SqlError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(_) => Self::Failed(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}

/// A session in the response to [`AdminRequest::Sessions`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionInfo {
    pub(crate) id: String,
    pub(crate) protocol: Protocol,
    pub(crate) user: Box<RawValue>,
    pub(crate) presence: Box<RawValue>,
}

impl SessionInfo {
    /// A connection that has joined, with its user's presence.
    pub(super) fn of((connection, presence): (&Connection, Typed)) -> Option<Self> {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).ok();
        let (id, protocol) = (connection.session().to_string(), connection.protocol);
        Some(Self { id, protocol, user: raw(&connection.user.json)?, presence: raw(&presence.json)? })
    }
}

/// A response as JSON.
pub(super) fn json(value: &impl Serialize) -> AdminResponse {
    serde_json::to_vec(value).map_err(|error| AdminError::Failed(error.to_string()))
}
