//! What the platform keeps while a room is dropped, made of plain values.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use crate::room::{Connection, Effect, Millis, Protocol, To};

/// What the platform lets a socket take along, in bytes.
const MAX_ATTACHMENT: usize = 16_000;

/// A socket, for good: the room's own number of it may become another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(super) u32);

/// What the platform keeps.
#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) sockets: BTreeMap<SocketId, Socket>,
    /// Those that the room has, as they came or were open when it last woke.
    pub(super) known: BTreeMap<Connection, SocketId>,
    pub(super) spilled: BTreeMap<String, Vec<u8>>,
    pub(super) log: Vec<String>,
    pub(super) diary: Vec<String>,
    /// The connections with edits that wait to be stored.
    pub(super) waiting: BTreeSet<Connection>,
    /// When the room waits no longer for its hook.
    pub(super) patience: Option<Millis>,
    pub(super) is_committing: bool,
    pub(super) is_turning: bool,
    pub(super) alarm: Option<Millis>,
    /// The room wants to know when the alarm comes.
    pub(super) is_finding: bool,
    /// The room wants to look for who is silent.
    pub(super) is_collecting: bool,
    /// Pings come to the room.
    pub(super) is_listening: bool,
}

/// A socket of a room: what the room has attached to it, and what its client has not read yet.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: Connection,
    pub(super) protocol: Protocol,
    pub(super) attachment: Vec<u8>,
    pub(super) texts: VecDeque<Rc<str>>,
    pub(super) binaries: VecDeque<Rc<[u8]>>,
    /// The code and reason that the room has closed it with. Then it takes no more frames, and a room that wakes does
    /// not find it.
    pub(super) closed: Option<(u16, String)>,
    /// The client has hung up.
    pub(super) is_gone: bool,
    /// When the platform last answered a ping of it.
    pub(super) pinged: Option<Millis>,
}

impl Socket {
    pub(super) fn new(connection: Connection, protocol: Protocol) -> Self {
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
    /// What is left of it when the room's machine has died.
    pub(super) fn after_crash(self) -> Self {
        let Self { spilled, log, diary, alarm, .. } = self;
        Self { spilled, log, diary, alarm, ..Self::default() }
    }

    /// A client has connected, whom the room calls so.
    pub(super) fn insert(&mut self, id: SocketId, socket: Socket) {
        self.known.insert(socket.connection, id);
        self.sockets.insert(id, socket);
    }

    /// Does what the room wants.
    pub(super) fn execute(&mut self, now: Millis, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out(now, effect);
        }
    }

    fn carry_out(&mut self, now: Millis, effect: Effect) {
        match effect {
            Effect::Send { to, frame } => {
                let frame: Rc<str> = frame.into();
                self.deliver(to, |socket| {
                    assert_eq!(socket.protocol, Protocol::Pluv, "a text frame breaks a provider");
                    socket.texts.push_back(Rc::clone(&frame));
                });
            }
            Effect::SendBytes { to, frame } => {
                let frame: Rc<[u8]> = frame.into();
                self.deliver(to, |socket| {
                    assert_eq!(socket.protocol, Protocol::Yjs, "only providers get binary frames");
                    socket.binaries.push_back(Rc::clone(&frame));
                });
            }
            Effect::Attach { connection, state } => {
                assert!(state.len() <= MAX_ATTACHMENT, "an attachment has a limit");
                if let Some(socket) = self.socket(connection) {
                    socket.attachment = state;
                }
            }
            Effect::Spill { session, state } => drop(self.spilled.insert(session, state)),
            Effect::Forget { session } => {
                assert!(self.spilled.remove(&session).is_some(), "only what was stored is forgotten");
            }
            Effect::ForgetAllBut { sessions } => self.spilled.retain(|session, _| sessions.contains(session)),
            Effect::Close { connection, code, reason } => {
                if let Some(socket) = self.socket(connection) {
                    socket.attachment.clear();
                    socket.close(code, &reason);
                }
                self.known.remove(&connection);
            }
            Effect::Waits { connection } => drop(self.waiting.insert(connection)),
            Effect::NoneWaits => self.waiting.clear(),
            Effect::Patience(millis) => self.patience = millis.map(|millis| now + millis),
            Effect::Alarm(due) => self.alarm = due,
            Effect::FindAlarm => self.is_finding = true,
            Effect::Listen(is_listening) => self.is_listening = is_listening,
            Effect::Collect => self.is_collecting = true,
            Effect::Commit => {
                assert!(!std::mem::replace(&mut self.is_committing, true), "one commit at a time");
            }
            Effect::Turn { .. } => assert!(!std::mem::replace(&mut self.is_turning, true), "one turn at a time"),
            Effect::Debug { line } => self.diary.push(line),
            Effect::Log { message } => self.log.push(message),
        }
    }

    fn deliver(&mut self, to: To, deliver: impl Fn(&mut Socket)) {
        let to = match to {
            To::One(connection) => vec![connection],
            To::Many(connections) => connections,
        };
        for connection in to {
            if let Some(socket) = self.socket(connection).filter(|socket| socket.is_open()) {
                deliver(socket);
            }
        }
    }

    fn socket(&mut self, connection: Connection) -> Option<&mut Socket> {
        self.sockets.get_mut(self.known.get(&connection)?)
    }
}
