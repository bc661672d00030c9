//! Who is sent away, and with which words.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Protocol, Room, Session};
use crate::protocol::{ENDED, RESTARTED, yjs};

/// The longest reason of a close frame, in bytes (RFC 6455, 5.5: 125 less the code).
pub(crate) const MAX_REASON: usize = 123;

/// Connections that are closed by the room, with the code 4000, or 4403 for a Yjs provider: after these a client does not
/// come back by itself.
///
/// ```ignore
/// cx.evict(Evict::user("ada").because("you were banned"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "give it to `evict`"]
pub struct Evict {
    pub(crate) whom: Whom,
    pub(crate) may_return: bool,
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

    /// Everyone.
    pub fn all() -> Self {
        Self::new(Whom::All)
    }

    fn new(whom: Whom) -> Self {
        Self { whom, may_return: false, reason: Cow::Borrowed("you were sent away") }
    }

    /// With a reason for the client; what is longer than 123 bytes is cut.
    pub fn because(self, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut reason = reason.into();
        if reason.len() > MAX_REASON {
            let end = reason.floor_char_boundary(MAX_REASON);
            reason.to_mut().truncate(end);
        }
        Self { reason, ..self }
    }

    /// With the code 1012, after which a client comes back at once: to make it ask for a new token, for example.
    pub fn may_return(self) -> Self {
        Self { may_return: true, ..self }
    }

    /// The code of the close frame, for a client of this protocol.
    pub(crate) const fn code(&self, protocol: Protocol) -> u16 {
        match (self.may_return, protocol) {
            (true, _) => RESTARTED,
            (false, Protocol::Pluv) => ENDED,
            (false, Protocol::Yjs) => yjs::ENDED,
        }
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

impl<R: Room> From<&Session<R>> for Evict {
    fn from(session: &Session<R>) -> Self {
        Self::session(session.id())
    }
}

#[cfg(test)]
mod tests {
    use super::{Evict, MAX_REASON};

    #[test]
    fn a_reason_fits_a_close_frame() {
        assert_eq!(Evict::all().because("no").reason, "no");
        let long = Evict::all().because("é".repeat(100));
        assert_eq!(long.reason, "é".repeat(MAX_REASON / 2));
    }
}
