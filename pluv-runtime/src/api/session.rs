//! Sessions: the connections of a room, as handlers see them.

use std::{fmt, marker::PhantomData, rc::Rc};

use super::Room;
use crate::{
    engine::{Evict, Typed},
    protocol::Protocol,
};

/// A connection in the room.
pub struct Session<R: Room> {
    id: Rc<str>,
    protocol: Protocol,
    user: Typed,
    presence: Typed,
    _room: PhantomData<fn() -> R>,
}

impl<R: Room> Session<R> {
    pub(crate) fn new(id: Rc<str>, protocol: Protocol, user: Typed, presence: Typed) -> Self {
        Self { id, protocol, user, presence, _room: PhantomData }
    }

    /// The connection's id, which clients know as `connectionId`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The protocol of the connection. A Yjs provider gets none of the room's events.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The user of the connection.
    #[must_use]
    pub fn user(&self) -> &R::User {
        self.user.get()
    }

    /// The presence of the user.
    #[must_use]
    pub fn presence(&self) -> &R::Presence {
        self.presence.get()
    }
}

impl<R: Room> From<&Session<R>> for Evict {
    fn from(session: &Session<R>) -> Self {
        Self::session(session.id())
    }
}

impl<R: Room> fmt::Debug for Session<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("protocol", &self.protocol)
            .field("user", &self.user.json)
            .field("presence", &self.presence.json)
            .finish()
    }
}
