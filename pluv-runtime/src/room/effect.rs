//! What the host does for the room.

use std::borrow::Cow;

use super::Millis;

/// A connection of the room, by the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Connection(pub(crate) u32);

/// One thing to do. The host does them in order and looks into none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send a text frame.
    Send { to: To, frame: String },
    /// Send a binary frame.
    SendBytes { to: To, frame: Vec<u8> },
    /// Keep this with the connection while the room sleeps, in place of what was kept.
    Attach { connection: Connection, state: Vec<u8> },
    /// Store a session that is too big to be kept with its connection.
    Spill { session: String, state: Vec<u8> },
    /// Forget a stored session.
    Forget { session: String },
    /// Forget every stored session but these.
    ForgetAllBut { sessions: Vec<String> },
    /// Close a connection, which is none of the room's any longer: what was kept with it is gone, and it is not heard.
    Close { connection: Connection, code: u16, reason: Cow<'static, str> },
    /// An edit of a connection waits to be stored: should the room be lost, its client has to bring it again.
    Waits { connection: Connection },
    /// No edit waits any more.
    NoneWaits,
    /// When all that was stored is safe, tell the room.
    Commit,
    /// When the messages that have come had their turn, or after a whole millisecond, tell the room.
    Turn { pause: bool },
    /// Tell the room when so many milliseconds have gone by, or no more. It is awake meanwhile, as a hook runs.
    Patience(Option<Millis>),
    /// Let the alarm come at this time, in place of any other, or not at all.
    Alarm(Option<Millis>),
    /// Tell the room when the alarm is set for.
    FindAlarm,
    /// Let pings come to the room, or be answered in its place without it.
    Listen(bool),
    /// Let the room look for connections that are silent.
    Collect,
    /// Tell the developer what happened, as JSON.
    Debug { line: String },
    /// Tell the developer. Never a client's data, a token or a stack.
    Log { message: String },
}

/// Who gets a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// One connection.
    One(Connection),
    /// Several.
    Many(Vec<Connection>),
}
