//! Connections that the application ends.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::close::MAX_REASON;

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
