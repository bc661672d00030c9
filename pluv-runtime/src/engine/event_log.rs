//! The event log of a room with `debug = true`: one JSON object a line, without tokens, users or contents.

use serde::Serialize;

use crate::protocol::{Millis, Protocol};

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
