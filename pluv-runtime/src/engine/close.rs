//! The end of connections: why one is closed, and which ones the application ends.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::protocol::{self, Protocol, yjs};

/// The longest reason of a close frame, in bytes (RFC 6455, 5.5: 125 less the code).
pub(crate) const MAX_REASON: usize = 123;

/// Why a connection ends. Decides the close code, the text, and so whether the client comes back.
///
/// The stock client comes back after 1001, 1006 and 1011 to 1014, and stays away after 1000, 3000 and 4000. `y-websocket`
/// stays away after 4400 to 4499.
#[derive(Clone, Debug)]
pub(crate) enum CloseReason {
    /// The address names no room.
    InvalidAddress(String),
    /// The token is missing, expired or of another room.
    InvalidToken(String),
    /// A Yjs provider connects to a room without a document.
    NoDocument,
    /// The room, or a hook of it, refuses the connection for good.
    Refused(String),
    /// The room can't take the connection now: it is full, or its object failed.
    Unavailable(String),
    /// The document could not be read or written. The client comes back with its whole document.
    DocumentUnavailable,
    /// The connection's state could not be stored.
    SessionUnavailable,
    /// A frame that is not of the connection's protocol.
    InvalidMessage,
    /// More messages than the rate limit allows.
    RateLimited(String),
    /// Nothing was heard of the connection for twice the idle limit.
    Idle,
    /// The client does not read what it is sent.
    SlowReader,
    /// A handler, the worker or a deletion ends it.
    Evicted(Evict),
    /// The user can't be read, as another version of the worker let it in.
    InvalidUser(String),
    /// The room was rebuilt and can't restore the connection.
    Restarted,
}

impl CloseReason {
    /// The code of the close frame.
    pub(crate) const fn code(&self, protocol: Protocol) -> u16 {
        match (self, protocol) {
            (Self::Evicted(evict), _) if evict.allow_reconnect => protocol::RESTARTED,
            (Self::Evicted(_), Protocol::Pluv) => protocol::ENDED,
            (Self::Refused(_) | Self::Evicted(_), Protocol::Yjs) => yjs::ENDED,
            (Self::InvalidAddress(_), Protocol::Yjs) => 4400,
            (Self::InvalidToken(_), Protocol::Yjs) => 4401,
            (Self::NoDocument, Protocol::Yjs) => 4404,
            (
                Self::InvalidAddress(_)
                | Self::InvalidToken(_)
                | Self::NoDocument
                | Self::Refused(_)
                | Self::Unavailable(_),
                Protocol::Pluv,
            ) => protocol::REFUSED,
            (Self::Unavailable(_) | Self::DocumentUnavailable | Self::SessionUnavailable | Self::SlowReader, _) => {
                protocol::AGAIN_LATER
            }
            (Self::InvalidMessage, _) => protocol::MALFORMED,
            (Self::RateLimited(_), _) => protocol::FLOODED,
            (Self::Idle | Self::InvalidUser(_) | Self::Restarted, _) => protocol::RESTARTED,
        }
    }

    /// The reason as the client reads it; see [`MAX_REASON`].
    pub(crate) fn text(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Evicted(evict) => return evict.reason.clone(),
            Self::DocumentUnavailable => "the document is unavailable: try again later",
            Self::SessionUnavailable => "the session can't be stored: try again later",
            Self::InvalidMessage => "not a valid Yjs protocol message",
            Self::Idle => "idle connection timed out",
            Self::SlowReader => "the connection does not read what it is sent",
            Self::InvalidUser(_) | Self::Restarted => "the room restarted",
            // The same as before the close frame.
            Self::InvalidAddress(_)
            | Self::InvalidToken(_)
            | Self::NoDocument
            | Self::Refused(_)
            | Self::Unavailable(_)
            | Self::RateLimited(_) => self.error().unwrap_or_default(),
        };
        Cow::Owned(text[..text.floor_char_boundary(MAX_REASON)].to_owned())
    }

    /// The message of an `$error` that is sent before the close frame, for reasons that a page should show.
    pub(crate) fn error(&self) -> Option<&str> {
        match self {
            Self::InvalidAddress(reason)
            | Self::InvalidToken(reason)
            | Self::Refused(reason)
            | Self::Unavailable(reason)
            | Self::RateLimited(reason) => Some(reason),
            Self::NoDocument => Some("this room has no document"),
            Self::DocumentUnavailable | Self::SessionUnavailable => Some(crate::error::INTERNAL),
            Self::InvalidMessage
            | Self::Idle
            | Self::SlowReader
            | Self::Evicted(_)
            | Self::InvalidUser(_)
            | Self::Restarted => None,
        }
    }
}

/// Why a message is not accepted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The connection stays.
    Reject(String),
    Close(CloseReason),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Reject(reason)
    }
}

impl From<CloseReason> for Refusal {
    fn from(reason: CloseReason) -> Self {
        Self::Close(reason)
    }
}

/// Connections to close, with the code 4000, or 4403 for a Yjs provider: after these a client does not come back by itself.
///
/// ```ignore
/// cx.evict(Evict::user("ada").reason("you were banned"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "pass it to `evict`"]
pub struct Evict {
    pub(crate) whom: Whom,
    pub(crate) allow_reconnect: bool,
    pub(crate) reason: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Whom {
    Session(String),
    User(String),
    All,
}

impl Evict {
    /// One connection, by its session's id.
    pub fn session(id: impl Into<String>) -> Self {
        Self::new(Whom::Session(id.into()))
    }

    /// All connections of a user, by the user's id.
    pub fn user(id: impl Into<String>) -> Self {
        Self::new(Whom::User(id.into()))
    }

    /// All connections.
    pub fn all() -> Self {
        Self::new(Whom::All)
    }

    fn new(whom: Whom) -> Self {
        Self { whom, allow_reconnect: false, reason: Cow::Borrowed("disconnected by the server") }
    }

    /// Sets the reason that the client reads; more than 123 bytes are cut.
    pub fn reason(self, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut reason = reason.into();
        if reason.len() > MAX_REASON {
            let end = reason.floor_char_boundary(MAX_REASON);
            reason.to_mut().truncate(end);
        }
        Self { reason, ..self }
    }

    /// Closes with the code 1012, after which a client comes back at once: to make it ask for a new token, for example.
    pub fn allow_reconnect(self) -> Self {
        Self { allow_reconnect: true, ..self }
    }
}

impl From<&str> for Evict {
    fn from(session: &str) -> Self {
        Self::session(session)
    }
}

impl From<&String> for Evict {
    fn from(session: &String) -> Self {
        Self::session(session)
    }
}

impl From<String> for Evict {
    fn from(session: String) -> Self {
        Self::session(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_a_close_frame() {
        assert_eq!(Evict::all().reason("no").reason, "no");
        let long = Evict::all().reason("é".repeat(100));
        assert_eq!(long.reason, "é".repeat(MAX_REASON / 2));
    }
}
