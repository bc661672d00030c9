//! Connections.

use std::{fmt, marker::PhantomData, rc::Rc};

use super::{
    Millis, Room,
    effect::Connection,
    job::{Job, Task},
    types::Typed,
};
use crate::{auth::Access, protocol::Origin};

/// Whom the host lets in: a connection whose token was verified, or that needs none.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Admission {
    /// A new id, unique in the room for ever.
    pub(crate) session: String,
    /// The user as JSON; none in a room without users.
    pub(crate) user: Option<Box<serde_json::value::RawValue>>,
    /// What the connection may do with the document.
    pub(crate) access: Access,
}

/// A connection, as the room knows it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) connection: Connection,
    pub(crate) origin: Rc<Origin>,
    pub(crate) user: Typed,
    /// What tells users apart: `user.id`, or the session's own id.
    pub(crate) key: Rc<str>,
    pub(crate) access: Access,
    /// Whether it has initialised, and the others were told.
    pub(crate) joined: bool,
    /// Whether it has answered `$storageReceived`: before that, an update of the document would break its client.
    pub(crate) ready: bool,
    /// The mark of the document that it was given and has not answered yet.
    pub(crate) shown: Option<u64>,
    /// Whether its state is in storage, as it did not fit the attachment.
    pub(crate) spilled: bool,
}

impl Member {
    pub(crate) fn id(&self) -> &Rc<str> {
        self.origin.id()
    }

    /// A job on its behalf.
    pub(crate) fn job(&self, at: Millis, task: Task) -> Job {
        let (origin, user, key) = (Rc::clone(&self.origin), self.user.clone(), Rc::clone(&self.key));
        Job { connection: self.connection, origin, user, key, at, task }
    }
}

/// A connection in the room, as handlers see it.
pub struct Session<R: Room> {
    id: Rc<str>,
    user: Typed,
    presence: Typed,
    _room: PhantomData<fn() -> R>,
}

impl<R: Room> Session<R> {
    pub(crate) fn new(id: Rc<str>, user: Typed, presence: Typed) -> Self {
        Self { id, user, presence, _room: PhantomData }
    }

    /// The connection's id: what clients know as `connectionId`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who it is.
    #[must_use]
    pub fn user(&self) -> &R::User {
        self.user.get()
    }

    /// What everyone sees of its user.
    #[must_use]
    pub fn presence(&self) -> &R::Presence {
        self.presence.get()
    }
}

impl<R: Room> fmt::Debug for Session<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user", &self.user.json)
            .field("presence", &self.presence.json)
            .finish()
    }
}
