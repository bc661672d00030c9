//! The connections of a room: their states, their rate limits, and the one whose code runs.

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{close::Whom, definition::Typed, upgrade::Upgrade};
use crate::{
    auth::Access,
    protocol::{Millis, Origin, Protocol},
};

/// A connection of the room, numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u32);

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
    /// The request by which the client connects, in a room with the hook `connect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upgrade: Option<Upgrade>,
}

/// The progress of a connection in its handshake.
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

    /// Checks that it has joined: before that nobody was told of it, so nothing can come from it.
    ///
    /// # Errors
    /// The reason, for the client.
    pub(crate) fn check_joined(&self) -> Result<(), String> {
        if self.has_joined() { Ok(()) } else { Err("send `$initializeSession` first".to_owned()) }
    }

    /// Returns the author of its changes.
    pub(crate) fn author(&self) -> Author {
        Author { origin: Rc::clone(&self.origin), user: Rc::clone(&self.user.json), protocol: self.protocol }
    }

    /// Whether it reads what it is sent.
    ///
    /// A pluv client reads if it was heard since the last check: it gives up by itself when a ping is not answered in time,
    /// and the answer comes after all that was sent before. A provider sends whether it reads or not, so it is asked a
    /// question.
    pub(super) fn reads(&mut self, last_ping: Option<Millis>) -> bool {
        match self.protocol {
            Protocol::Pluv => {
                let heard = self.last_heard.max(last_ping.unwrap_or(0));
                std::mem::replace(&mut self.last_read, heard) < heard
            }
            Protocol::Yjs => !self.is_probed,
        }
    }

    /// A frame of it, as the current code.
    pub(crate) fn current(&self) -> Current {
        Current {
            connection: self.id,
            protocol: self.protocol,
            origin: Rc::clone(&self.origin),
            name: None,
            request: None,
        }
    }
}

/// The author of a change of the document.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) origin: Rc<Origin>,
    /// The user, as JSON.
    pub(crate) user: Rc<str>,
    pub(crate) protocol: Protocol,
}

impl Author {
    /// The author of changes that no connection makes. It has an id, as clients ignore a change without one.
    pub(super) fn worker(room: &str) -> Self {
        Self::of(Origin::new(room, "worker".into(), "null"))
    }

    /// The author in whose place no connection is.
    pub(super) fn nobody(room: &str) -> Self {
        Self::of(Origin::nobody(room))
    }

    fn of(origin: Origin) -> Self {
        Self { origin: Rc::new(origin), user: "null".into(), protocol: Protocol::Pluv }
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
    pub(crate) fn listeners(&self) -> Vec<ConnectionId> {
        self.iter().filter(|connection| connection.protocol == Protocol::Pluv).map(|connection| connection.id).collect()
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

    /// Sets how far a connection is in its handshake.
    pub(crate) fn set_stage(&mut self, id: ConnectionId, stage: Stage) {
        if let Some(connection) = self.get_mut(id) {
            connection.stage = stage;
            self.mark_changed(id);
        }
    }

    /// The state of a connection has to be written at the end of the step.
    pub(crate) fn mark_changed(&mut self, id: ConnectionId) {
        self.note_change(id, true);
    }

    /// The awareness of a connection has to be written at the end of the step.
    pub(crate) fn mark_awareness_changed(&mut self, id: ConnectionId) {
        self.note_change(id, false);
    }

    fn note_change(&mut self, id: ConnectionId, is_all: bool) {
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

const NANOS: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Burst, in seconds of the sustained rate: what a client sends at once after its network, or the room, was away for a
/// moment.
const BURST: u64 = 2;

/// Smallest burst, in messages: a client joins with three.
const MIN_BURST: u64 = 10;

/// Cost of a rejected message, in nanoseconds: each is answered with an `$error`, and no client needs more than a hundred of
/// these a second.
const REJECTION: u64 = NANOS / 100;

/// A leaky bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateLimiter {
    /// Fill level: the nanoseconds until the bucket is empty.
    nanos: u64,
    /// Time of the last message.
    last: Millis,
}

impl RateLimiter {
    /// Counts a message, and returns whether it exceeds the limit.
    pub(crate) fn exceeds(&mut self, now: Millis, per_second: u64) -> bool {
        let each = NANOS / per_second;
        // A clock that was set back counts as no time.
        let elapsed = now.saturating_sub(std::mem::replace(&mut self.last, now));
        self.nanos = self.nanos.saturating_sub(elapsed.saturating_mul(NANOS_PER_MILLI));
        if self.nanos >= (BURST * NANOS).max(MIN_BURST * each) {
            return true;
        }
        self.nanos += each;
        false
    }

    /// Takes back the last message.
    pub(crate) fn refund(&mut self, per_second: u64) {
        self.nanos = self.nanos.saturating_sub(NANOS / per_second);
    }

    /// Counts the last message as rejected.
    pub(crate) fn reject(&mut self, per_second: u64) {
        self.nanos += REJECTION.saturating_sub(NANOS / per_second);
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The code that runs at this moment: a handler, a hook, or the room with a frame of a connection. It is noted apart from the
/// room for the hook on panics, which runs while the room may be borrowed.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) connection: ConnectionId,
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    /// The event or hook; none where the room itself processes a frame.
    pub(super) name: Option<Rc<str>>,
    /// The `id` of the request, as JSON.
    pub(crate) request: Option<Rc<str>>,
}

impl Current {
    /// Returns the line of the log for a failure of its code.
    pub(crate) fn failure(&self, error: &dyn fmt::Display) -> String {
        let (room, session) = (self.origin.room(), self.origin.id());
        format!("room `{room}`, session `{session}`, `{}`: {error}", self.name())
    }

    /// The name of the event or hook, for the log.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("message")
    }

    /// Makes this the current code, until the end of [`enter`].
    pub(super) fn set(self) {
        CURRENT.set(Some(self));
    }
}

/// Runs `act` with `current` as the current code; none is code of the room itself.
pub(super) fn enter<T>(current: Option<Current>, act: impl FnOnce() -> T) -> T {
    let before = CURRENT.replace(current);
    let result = act();
    CURRENT.set(before);
    result
}

/// Takes the current code, after a panic.
pub(crate) fn take_current() -> Option<Current> {
    CURRENT.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of messages that pass at one time.
    fn at_once(limiter: &mut RateLimiter, now: Millis, per_second: u64) -> u64 {
        (0..).find(|_| limiter.exceeds(now, per_second)).unwrap_or_default()
    }

    #[test]
    fn burst_is_two_seconds_of_the_rate() {
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 100), 200);
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 1_000_000), 2_000_000);
    }

    #[test]
    fn join_passes_at_the_lowest_rate() {
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 1), 10);
    }

    #[test]
    fn sustained_rate_never_exceeds_the_limit() {
        let mut limiter = RateLimiter::default();
        for second in 0..100 {
            assert!((0..100).all(|index| !limiter.exceeds(1_000 * second + 10 * index, 100)));
        }
    }

    #[test]
    fn twice_the_rate_exceeds_the_limit() {
        let mut limiter = RateLimiter::default();
        let sent = (0..).find(|index| limiter.exceeds(index * 5, 100));
        assert_eq!(sent, Some(400), "half of it drains meanwhile");
    }

    #[test]
    fn pause_refills_the_burst() {
        let mut limiter = RateLimiter::default();
        at_once(&mut limiter, 1_000, 100);
        assert_eq!(at_once(&mut limiter, 1_500, 100), 50);
    }

    #[test]
    fn rejected_messages_cost_more() {
        let mut limiter = RateLimiter::default();
        let faults = (0..).find(|_| {
            let exceeds = limiter.exceeds(1_000, 1_000);
            limiter.reject(1_000);
            exceeds
        });
        assert_eq!(faults, Some(200));
    }

    #[test]
    fn clock_set_back_neither_exceeds_nor_refills() {
        for back in [1, 1_999, 2_000, 2_005, 9_000_000] {
            let mut limiter = RateLimiter::default();
            assert!((0..150).all(|_| !limiter.exceeds(10_000_000, 100)));
            assert_eq!(at_once(&mut limiter, 10_000_000 - back, 100), 50);
        }
    }
}
