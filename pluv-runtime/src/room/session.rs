//! Connections.

use std::{fmt, marker::PhantomData, rc::Rc};

use super::{
    Millis, Room,
    effect::Connection,
    job::{Job, Task},
    meter::Meter,
    running::{Name, Running},
    types::Typed,
};
use crate::{
    auth::Access,
    protocol::{Origin, REFUSED, yjs},
};

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// That of the pluv clients.
    #[default]
    Pluv,
    /// That of the Yjs providers, as `y-websocket`: the document and its cursors alone.
    Yjs,
}

impl Protocol {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn is_pluv(&self) -> bool {
        *self == Self::Pluv
    }

    /// The code that closes a connection which the room does not want: its client does not try again by itself.
    pub(crate) const fn refused(self) -> u16 {
        match self {
            Self::Pluv => REFUSED,
            Self::Yjs => yjs::ENDED,
        }
    }
}

/// Whom the host lets in: a connection whose token was verified, or that needs none.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Admission {
    /// A new id, unique in the room for ever.
    pub(crate) session: String,
    /// The user as JSON; none in a room without users.
    pub(crate) user: Option<Box<serde_json::value::RawValue>>,
    /// What the connection may do with the document.
    pub(crate) access: Access,
    /// What it speaks.
    #[serde(default)]
    pub(crate) protocol: Protocol,
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
    /// Whether it waited for the document to begin when it was last attached.
    pub(crate) waits: bool,
    /// The mark of the document that it was given and has not answered yet.
    pub(crate) shown: Option<u64>,
    /// Whether its state is in storage, as it did not fit the attachment.
    pub(crate) spilled: bool,
    /// When something was last heard of it: of what came before the room slept, what is known.
    pub(crate) heard: Millis,
    /// Since when it is listened for, as it was silent for too long.
    pub(crate) doubted: Option<Millis>,
    /// When it was last known to read what it is sent.
    pub(crate) read: Millis,
    /// How fast it sends.
    pub(crate) meter: Meter,
    /// What is only of a connection that speaks the Yjs protocol; none of one that does not.
    pub(crate) yjs: Option<Box<YjsMember>>,
}

/// What is only of a connection that speaks the Yjs protocol.
#[derive(Debug, Default)]
pub(crate) struct YjsMember {
    /// The clients that it told of, as Yjs knows them: nearly always one.
    pub(crate) clients: Vec<u64>,
    /// Whether it has told of any.
    pub(crate) greeted: bool,
    /// When it was last sent what it had sent.
    pub(crate) echoed: Millis,
    /// How many frames it was told of others in, and has not sent on yet, as a stock provider does with each.
    pub(crate) told: u32,
    /// Whether it was asked what it has, to see whether it reads, and has not answered.
    pub(crate) is_asked: bool,
    /// Its frames that wait for the document to begin.
    pub(crate) held: Vec<Vec<u8>>,
}

impl Member {
    pub(crate) fn id(&self) -> &Rc<str> {
        self.origin.id()
    }

    /// What it speaks.
    pub(crate) fn protocol(&self) -> Protocol {
        if self.yjs.is_some() { Protocol::Yjs } else { Protocol::Pluv }
    }

    /// A frame of it, while it is looked at.
    pub(crate) fn hearing(&self) -> Running {
        Running {
            connection: self.connection,
            protocol: self.protocol(),
            origin: Rc::clone(&self.origin),
            name: Name::Fixed("message"),
            request: None,
        }
    }

    /// A job on its behalf.
    pub(crate) fn job(&self, at: Millis, task: Task) -> Job {
        let (origin, user, key) = (Rc::clone(&self.origin), self.user.clone(), Rc::clone(&self.key));
        Job { connection: self.connection, protocol: self.protocol(), origin, user, key, at, task, leash: None }
    }
}

/// A connection in the room, as handlers see it.
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

    /// The connection's id: what clients know as `connectionId`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it speaks. One of a Yjs provider gets none of the room's events.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
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
            .field("protocol", &self.protocol)
            .field("user", &self.user.json)
            .field("presence", &self.presence.json)
            .finish()
    }
}
