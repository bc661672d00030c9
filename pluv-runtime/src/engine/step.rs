//! One step of the engine: its input, and its output, which the host executes in order without interpreting it.

use std::{borrow::Cow, rc::Rc};

use serde::Serialize;

use super::{
    close::Refusal,
    connection::{Connection, ConnectionId},
    job::{Background, Job},
};
use crate::protocol::{self, Millis, Protocol, yjs};

/// Returns the time of the last ping of a connection that the platform has answered.
pub(crate) type LastPing<'a> = &'a dyn Fn(ConnectionId) -> Option<Millis>;

/// An event of the platform.
pub(crate) enum Input<'a> {
    /// A text frame arrived.
    Text { connection: ConnectionId, text: &'a str },
    /// A binary frame arrived.
    Binary { connection: ConnectionId, frame: Vec<u8> },
    /// A frame arrived that was not read, as it has at least so many bytes.
    Oversized { connection: ConnectionId, bytes: u64 },
    /// A connection was closed by its client, or broke.
    Closed { connection: ConnectionId },
    /// A connection closed while the room hibernated, so that it was not restored.
    ClosedAsleep { attachment: &'a [u8] },
    /// Much was sent to a connection since the last such input.
    SentMuch { connection: ConnectionId },
    /// The answer to [`Effect::AwaitCommit`].
    Committed,
    /// The answer to [`Effect::Yield`].
    Yielded,
    /// The answer to [`Effect::SetTimeout`].
    HookTimeout,
    /// The alarm. It may come late, twice, or for something that is no more.
    Alarm,
    /// The answer to [`Effect::ReadAlarm`].
    AlarmRead { alarm: Option<Millis> },
    /// The alarm could not be set.
    AlarmFailed,
    /// The time of [`Effect::SetTick`] has passed, again.
    Tick { tick: usize },
}

/// One thing for the host to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send a frame.
    Send { to: Audience, frame: Frame },
    /// Replace the state that is kept with a connection while the room hibernates.
    Attach { connection: ConnectionId, state: Vec<u8> },
    /// Close a connection. Its attachment is cleared, and nothing of it reaches the room any more.
    Close { connection: ConnectionId, code: u16, reason: Cow<'static, str> },
    /// An edit of a connection waits to be stored: if the instance is lost, its client has to send it again.
    EditPending { connection: ConnectionId },
    /// No edit waits any more.
    EditsDurable,
    /// Report [`Input::Committed`] when everything written so far is durable.
    AwaitCommit,
    /// Report [`Input::Yielded`] after the messages that have arrived, or after a millisecond.
    Yield { pause: bool },
    /// Report [`Input::HookTimeout`] after so many milliseconds, or never.
    SetTimeout(Option<Millis>),
    /// Set the object's alarm to this time in place of any other, or delete it.
    SetAlarm(Option<Millis>),
    /// Report [`Input::AlarmRead`].
    ReadAlarm,
    /// Report [`Input::Tick`] each time that so many milliseconds have passed, or not any more.
    SetTick { tick: usize, every: Option<Millis> },
    /// Let the platform answer pings in place of the room, or let them reach the room.
    AutoRespondToPings(bool),
    /// Write a line of the event log, which is JSON.
    LogEvent(String),
    /// Log an error. Never contains a client's data, a token or a stack.
    LogError(String),
}

/// A frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// To clients of the pluv protocol.
    Text(String),
    /// To Yjs providers.
    Binary(Vec<u8>),
}

/// The receivers of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// One connection.
    One(ConnectionId),
    /// Several connections.
    Many(Vec<ConnectionId>),
}

/// The result of one input: effects in order, and then the handlers to run, each for another connection.
#[derive(Debug)]
#[must_use]
pub(crate) struct Step {
    /// The time of the input.
    pub(crate) now: Millis,
    pub(crate) effects: Vec<Effect>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) background: Vec<Background>,
    /// Connections that the room has to reject or close before the end of the step.
    pub(super) refused: Vec<(ConnectionId, Refusal)>,
    room: Rc<str>,
    debug: bool,
}

impl Step {
    /// An empty step of the room `room`; `debug` writes the event log.
    pub(crate) fn new(now: Millis, room: Rc<str>, debug: bool) -> Self {
        Self { now, effects: Vec::new(), jobs: Vec::new(), background: Vec::new(), refused: Vec::new(), room, debug }
    }

    /// Adds the output of another step.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.effects.extend(other.effects);
        self.jobs.extend(other.jobs);
        self.background.extend(other.background);
        self.refused.extend(other.refused);
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Sends a text frame to one connection.
    pub(crate) fn send_text(&mut self, to: ConnectionId, frame: String) {
        self.effect(Effect::Send { to: Audience::One(to), frame: Frame::Text(frame) });
    }

    /// Sends a text frame to several connections.
    pub(crate) fn broadcast_text(&mut self, to: Vec<ConnectionId>, frame: String) {
        self.effect(Effect::Send { to: Audience::Many(to), frame: Frame::Text(frame) });
    }

    /// Sends a binary frame to one connection.
    pub(crate) fn send_binary(&mut self, to: ConnectionId, frame: Vec<u8>) {
        self.effect(Effect::Send { to: Audience::One(to), frame: Frame::Binary(frame) });
    }

    /// Sends a binary frame to several connections, if there are any.
    pub(crate) fn broadcast_binary(&mut self, to: Vec<ConnectionId>, frame: Vec<u8>) {
        if !to.is_empty() {
            self.effect(Effect::Send { to: Audience::Many(to), frame: Frame::Binary(frame) });
        }
    }

    /// Sends an error to a connection. `request` is the `id` of the request that it answers, as JSON.
    pub(crate) fn send_error(&mut self, connection: &Connection, request: Option<&str>, message: &str) {
        let Connection { id, protocol, origin, .. } = connection;
        match protocol {
            Protocol::Pluv => self.send_text(*id, protocol::error_frame(message, request, origin)),
            Protocol::Yjs => self.send_binary(*id, yjs::denied(&protocol::truncated(message))),
        }
    }

    /// Whether a connection has to be rejected or closed.
    pub(super) fn has_refused(&self, connection: ConnectionId) -> bool {
        self.refused.iter().any(|(refused, _)| *refused == connection)
    }

    /// Logs an error of the room.
    pub(crate) fn log_error(&mut self, error: &dyn std::fmt::Display) {
        let message = format!("room `{}`: {error}", self.room);
        self.effect(Effect::LogError(message));
    }

    /// Writes an entry of the event log, in a room with `debug`.
    pub(crate) fn log_event<'a>(&mut self, entry: impl FnOnce() -> LogEntry<'a>) {
        if self.debug
            && let Some(line) = entry().into_line(&self.room)
        {
            self.effect(Effect::LogEvent(line));
        }
    }
}

/// An event in the life of a room.
#[derive(Debug, Serialize)]
#[serde(tag = "pluv", rename_all = "camelCase")]
pub(crate) enum LogEntry<'a> {
    /// The room was rebuilt, with the connections that stayed open.
    Wake {
        connections: usize,
    },
    Connect {
        session: &'a str,
        protocol: Protocol,
    },
    Join {
        session: &'a str,
    },
    /// A connection ended; `code` is the close code if the room closed it.
    Leave {
        session: &'a str,
        code: Option<u16>,
    },
    Evict {
        session: &'a str,
        code: u16,
    },
    /// A message was rejected.
    Refused {
        session: &'a str,
    },
    /// A handler ended. The name of an event without a handler is left out, as clients choose it.
    Event {
        session: &'a str,
        name: Option<&'a str>,
        millis: Millis,
        failed: bool,
    },
    Hook {
        session: &'a str,
        name: String,
        millis: Millis,
        failed: bool,
    },
    /// A group of edits was stored.
    Store {
        edits: usize,
    },
    Alarm {
        late: Option<Millis>,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: LogEntry<'a>,
    room: &'a str,
}

impl LogEntry<'_> {
    pub(super) fn into_line(self, room: &str) -> Option<String> {
        serde_json::to_string(&Line { entry: self, room }).ok()
    }
}
