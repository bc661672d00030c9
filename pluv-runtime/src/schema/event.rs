//! An event by its name.

/// An event or a procedure of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventInfo {
    name: &'static str,
    reply: Option<&'static str>,
    docs: &'static str,
}

impl EventInfo {
    /// The event `name`; `docs` is its handler's doc comment.
    #[must_use]
    pub const fn event(name: &'static str, docs: &'static str) -> Self {
        Self { name, reply: None, docs }
    }

    /// The procedure `name`, answered by the event `reply`.
    #[must_use]
    pub const fn procedure(name: &'static str, reply: &'static str, docs: &'static str) -> Self {
        Self { name, reply: Some(reply), docs }
    }

    /// The name that clients send.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name of a procedure's answer; none for an event.
    #[must_use]
    pub const fn reply(&self) -> Option<&'static str> {
        self.reply
    }

    /// The handler's doc comment.
    #[must_use]
    pub const fn docs(&self) -> &'static str {
        self.docs
    }
}
