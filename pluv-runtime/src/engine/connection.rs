//! The connections of a room.

use std::{collections::BTreeMap, rc::Rc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    ConnectionId,
    current::{Current, Name},
    evict::Whom,
    job::{Job, Task},
    rate_limit::RateLimiter,
    typed::Typed,
};
use crate::{
    auth::Access,
    protocol::{Millis, Origin, Protocol},
};

/// The `id` of a user, which is JSON.
pub(super) fn user_id(user: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    serde_json::from_str::<Identified>(user).ok().map(|user| user.id)
}

/// A connection that the host lets in: its token was verified, or it needs none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Admission {
    /// A new id, unique in the room for ever.
    pub(crate) session: String,
    /// The user as JSON; none in a room without users.
    pub(crate) user: Option<Box<RawValue>>,
    pub(crate) access: Access,
    #[serde(default)]
    pub(crate) protocol: Protocol,
}

/// How far a connection is in its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has not sent `$initializeSession`.
    Connected,
    /// It waits for the initial document.
    WaitingForDocument,
    /// It has joined, and the others were told.
    Joined,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    pub(crate) user: Typed,
    /// Tells users apart: `user.id`, or the session's own id.
    pub(crate) user_key: Rc<str>,
    pub(crate) access: Access,
    pub(crate) stage: Stage,
    /// Whether it has answered `$storageReceived`: before that, an update of the document would break its client.
    pub(crate) ready: bool,
    /// The version of the document that it was sent and has not answered yet.
    pub(crate) sent_version: Option<u64>,
    /// Whether its state is in the session store, as it exceeds the attachment.
    pub(crate) stored: bool,
    /// Time of the last message or ping, as far as the room knows.
    pub(crate) last_heard: Millis,
    /// Time since which it is suspected to be gone, as it was silent for too long.
    pub(crate) suspect_since: Option<Millis>,
    pub(crate) rate: RateLimiter,
    /// Time when it was last known to read what it is sent.
    pub(crate) last_read: Millis,
    /// Whether a provider was asked a question, to learn whether it reads, and has not answered.
    pub(crate) is_probed: bool,
}

impl Connection {
    /// The session's id.
    pub(crate) fn session(&self) -> &Rc<str> {
        self.origin.id()
    }

    pub(crate) fn has_joined(&self) -> bool {
        self.stage == Stage::Joined
    }

    /// Whether it is shown to pluv clients as another user, and takes events.
    pub(crate) fn is_participant(&self) -> bool {
        self.has_joined() && self.protocol == Protocol::Pluv
    }

    /// A frame of it, as the current code.
    pub(crate) fn current(&self) -> Current {
        Current {
            connection: self.id,
            protocol: self.protocol,
            origin: Rc::clone(&self.origin),
            name: Name::Fixed("message"),
            request: None,
        }
    }

    /// A job that it causes.
    pub(crate) fn job(&self, received: Millis, task: Task) -> Job {
        Job {
            connection: self.id,
            protocol: self.protocol,
            origin: Rc::clone(&self.origin),
            user: self.user.clone(),
            user_key: Rc::clone(&self.user_key),
            received,
            task,
            abort: None,
        }
    }
}

/// The open connections, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: BTreeMap<ConnectionId, Connection>,
    next: u32,
    /// Connections whose attachment is out of date, and whether more than their awareness is.
    changed: Vec<(ConnectionId, bool)>,
}

impl Connections {
    /// A number for a new connection.
    pub(crate) fn next_id(&mut self) -> ConnectionId {
        let id = ConnectionId(self.next);
        self.next += 1;
        id
    }

    pub(crate) fn insert(&mut self, connection: Connection) {
        self.next = self.next.max(connection.id.0 + 1);
        self.open.insert(connection.id, connection);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.open.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.open.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.open.remove(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.open.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.open.values_mut()
    }

    /// The receivers of events.
    pub(crate) fn listeners(&self) -> impl Iterator<Item = ConnectionId> {
        self.iter().filter(|connection| connection.protocol == Protocol::Pluv).map(|connection| connection.id)
    }

    /// Whether events go to a connection.
    pub(crate) fn listens(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|connection| connection.protocol == Protocol::Pluv)
    }

    /// The connection of a session.
    pub(crate) fn by_session(&self, session: &str) -> Option<&Connection> {
        self.iter().find(|connection| **connection.session() == *session)
    }

    /// The connections that an eviction or message is meant for.
    pub(crate) fn matching(&self, whom: &Whom) -> Vec<ConnectionId> {
        let matches = |connection: &&Connection| match whom {
            Whom::Session(id) => **connection.session() == **id,
            Whom::User(id) => *connection.user_key == **id,
            Whom::All => true,
        };
        self.iter().filter(matches).map(|connection| connection.id).collect()
    }

    /// The state of a connection has to be written at the end of the step.
    pub(crate) fn mark_changed(&mut self, id: ConnectionId) {
        self.mark(id, true);
    }

    /// The awareness of a connection has to be written at the end of the step.
    pub(crate) fn mark_awareness_changed(&mut self, id: ConnectionId) {
        self.mark(id, false);
    }

    fn mark(&mut self, id: ConnectionId, is_all: bool) {
        match self.changed.iter_mut().find(|(changed, _)| *changed == id) {
            Some((_, was_all)) => *was_all |= is_all,
            None => self.changed.push((id, is_all)),
        }
    }

    /// The connections whose state has to be written, and whether more than their awareness.
    pub(crate) fn take_changed(&mut self) -> Vec<(ConnectionId, bool)> {
        std::mem::take(&mut self.changed)
    }
}
