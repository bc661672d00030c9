//! The output of the engine: effects that the host executes in order, without interpreting them.

use std::{borrow::Cow, rc::Rc};

use super::{event_log::LogEntry, job::Job};
use crate::protocol::Millis;

/// A connection of the room, numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u32);

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
    /// Report [`Input::Committed`](super::Input::Committed) when everything written so far is durable.
    AwaitCommit,
    /// Report [`Input::Yielded`](super::Input::Yielded) after the messages that have arrived, or after a millisecond.
    Yield { pause: bool },
    /// Report [`Input::HookTimeout`](super::Input::HookTimeout) after so many milliseconds, or never.
    SetTimeout(Option<Millis>),
    /// Set the object's alarm to this time in place of any other, or delete it.
    SetAlarm(Option<Millis>),
    /// Report [`Input::AlarmRead`](super::Input::AlarmRead).
    ReadAlarm,
    /// Let the platform answer pings in place of the room, or let them reach the room.
    AutoRespondToPings(bool),
    /// Report [`Input::CheckIdle`](super::Input::CheckIdle) at once.
    CheckIdle,
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
    room: Rc<str>,
    debug: bool,
}

impl Step {
    /// An empty step of the room `room`; `debug` writes the event log.
    pub(crate) fn new(now: Millis, room: Rc<str>, debug: bool) -> Self {
        Self { now, effects: Vec::new(), jobs: Vec::new(), room, debug }
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
