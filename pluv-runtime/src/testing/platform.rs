//! A simulated platform: the state that survives while a room is dropped.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use futures_channel::oneshot;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::database::Database;
use crate::{
    bindings::Bindings,
    engine::{Audience, ConnectionId, Effect, Frame, Host, Pending},
    protocol::{Millis, Protocol},
};

/// The limit of a socket's attachment, in bytes.
const MAX_ATTACHMENT: usize = 16_000;

/// The id of a socket, which is never reused; a connection's number can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(super) u32);

/// The state of the platform.
#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) sockets: BTreeMap<SocketId, Socket>,
    /// The sockets of the connections that the room knows.
    pub(super) known: BTreeMap<ConnectionId, SocketId>,
    pub(super) log: Vec<String>,
    pub(super) event_log: Vec<String>,
    /// Connections with pending edits.
    pub(super) pending_edits: BTreeSet<ConnectionId>,
    /// The time when the pending hook times out.
    pub(super) timeout: Option<Millis>,
    pub(super) is_committing: bool,
    pub(super) is_yielding: bool,
    pub(super) alarm: Option<Millis>,
    /// When each tick is due, and its period.
    pub(super) ticks: BTreeMap<usize, (Millis, Millis)>,
    /// Handlers that sleep, and until when.
    pub(super) sleepers: Vec<(Millis, oneshot::Sender<()>)>,
    /// Handlers that nobody waits for.
    pub(super) spawned: Vec<Pending>,
    /// Whether the room has requested its alarm.
    pub(super) reads_alarm: bool,
    /// Whether pings reach the room.
    pub(super) needs_pings: bool,
}

/// A socket of a room: its attachment, and the frames that its client has not taken.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: ConnectionId,
    pub(super) protocol: Protocol,
    pub(super) attachment: Vec<u8>,
    pub(super) texts: VecDeque<Rc<str>>,
    pub(super) binaries: VecDeque<Rc<[u8]>>,
    /// The code and reason with which the room closed it. Then it accepts no more frames, and is not restored.
    pub(super) closed: Option<(u16, String)>,
    /// Whether the client has hung up.
    pub(super) is_gone: bool,
    /// The time of its last ping that the platform answered.
    pub(super) pinged: Option<Millis>,
}

impl Socket {
    pub(super) fn new(connection: ConnectionId, protocol: Protocol) -> Self {
        Self {
            connection,
            protocol,
            attachment: Vec::new(),
            texts: VecDeque::new(),
            binaries: VecDeque::new(),
            closed: None,
            is_gone: false,
            pinged: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.closed.is_none() && !self.is_gone
    }

    pub(super) fn close(&mut self, code: u16, reason: &str) {
        self.closed.get_or_insert_with(|| (code, reason.to_owned()));
    }
}

impl Platform {
    /// When the next tick or sleeping handler is due.
    pub(super) fn next_timer(&self) -> Option<Millis> {
        let ticks = self.ticks.values().map(|(due, _)| *due);
        ticks.chain(self.sleepers.iter().map(|(due, _)| *due)).min()
    }

    /// Returns the state after a crash of the room's host.
    pub(super) fn after_crash(self) -> Self {
        let Self { log, event_log, alarm, .. } = self;
        Self { log, event_log, alarm, ..Self::default() }
    }

    pub(super) fn insert(&mut self, id: SocketId, socket: Socket) {
        self.known.insert(socket.connection, id);
        self.sockets.insert(id, socket);
    }

    fn execute(&mut self, now: Millis, effect: Effect) {
        match effect {
            Effect::Send { to, frame: Frame::Text(frame) } => {
                let frame: Rc<str> = frame.into();
                self.deliver(to, |socket| {
                    assert_eq!(socket.protocol, Protocol::Pluv, "providers get binary frames only");
                    socket.texts.push_back(Rc::clone(&frame));
                });
            }
            Effect::Send { to, frame: Frame::Binary(frame) } => {
                let frame: Rc<[u8]> = frame.into();
                self.deliver(to, |socket| {
                    assert_eq!(socket.protocol, Protocol::Yjs, "pluv clients get text frames only");
                    socket.binaries.push_back(Rc::clone(&frame));
                });
            }
            Effect::Attach { connection, state } => {
                assert!(state.len() <= MAX_ATTACHMENT, "an attachment has a limit");
                if let Some(socket) = self.socket(connection) {
                    socket.attachment = state;
                }
            }
            Effect::Close { connection, code, reason } => {
                if let Some(socket) = self.socket(connection) {
                    socket.attachment.clear();
                    socket.close(code, &reason);
                }
                self.known.remove(&connection);
            }
            Effect::EditPending { connection } => drop(self.pending_edits.insert(connection)),
            Effect::EditsDurable => self.pending_edits.clear(),
            Effect::SetTimeout(millis) => self.timeout = millis.map(|millis| now + millis),
            Effect::SetAlarm(due) => self.alarm = due,
            Effect::SetTick { tick, every: Some(every) } => drop(self.ticks.insert(tick, (now + every, every))),
            Effect::SetTick { tick, every: None } => drop(self.ticks.remove(&tick)),
            Effect::ReadAlarm => self.reads_alarm = true,
            Effect::AutoRespondToPings(responds) => self.needs_pings = !responds,
            Effect::AwaitCommit => {
                assert!(!std::mem::replace(&mut self.is_committing, true), "one commit at a time");
            }
            Effect::Yield { .. } => assert!(!std::mem::replace(&mut self.is_yielding, true), "one yield at a time"),
            Effect::LogEvent(line) => self.event_log.push(line),
            Effect::LogError(message) => self.log.push(message),
        }
    }

    fn deliver(&mut self, to: Audience, deliver: impl Fn(&mut Socket)) {
        let to = match to {
            Audience::One(connection) => vec![connection],
            Audience::Many(connections) => connections,
        };
        for connection in to {
            if let Some(socket) = self.socket(connection).filter(|socket| socket.is_open()) {
                deliver(socket);
            }
        }
    }

    fn socket(&mut self, connection: ConnectionId) -> Option<&mut Socket> {
        self.sockets.get_mut(self.known.get(&connection)?)
    }
}

/// The host of a room: the platform, the storage and the clock.
#[derive(Clone, Debug)]
pub(super) struct PlatformHost {
    pub(super) platform: Rc<RefCell<Platform>>,
    pub(super) database: Database,
    pub(super) clock: Rc<Cell<Millis>>,
    pub(super) bindings: Rc<Bindings>,
}

impl Host for PlatformHost {
    fn now(&self) -> Millis {
        self.clock.get()
    }

    fn activate(&self) {}

    fn last_ping(&self, connection: ConnectionId) -> Option<Millis> {
        self.platform.borrow_mut().socket(connection)?.pinged
    }

    fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    fn spawn(&self, pending: Pending) {
        self.platform.borrow_mut().spawned.push(pending);
    }

    fn sleep(&self, millis: Millis) -> LocalBoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        self.platform.borrow_mut().sleepers.push((self.clock.get().saturating_add(millis), sender));
        receiver.map(drop).boxed_local()
    }

    fn execute(&self, effect: Effect) -> Vec<ConnectionId> {
        // A room that has crashed has no more effects.
        if !self.database.is_dead() {
            self.platform.borrow_mut().execute(self.clock.get(), effect);
        }
        Vec::new()
    }
}
