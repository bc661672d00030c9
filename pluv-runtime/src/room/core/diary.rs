//! What the log tells of a room with `debug = true`: one JSON object a line, without tokens, users or contents.

use serde::Serialize;

use super::Core;
use crate::{
    room::{
        Millis, Protocol,
        effect::Effect,
        job::{Job, Task},
    },
    schema::EventInfo,
};

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "pluv", rename_all = "camelCase")]
pub(super) enum Entry<'a> {
    /// The room was made anew, with the connections that stayed open.
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
    /// A connection is gone; with the code where the room has closed it.
    Leave {
        session: &'a str,
        code: Option<u16>,
    },
    Evict {
        session: &'a str,
        code: u16,
    },
    /// A frame was not taken.
    Refused {
        session: &'a str,
    },
    /// A handler ended; an event that the room does not have has no name, as clients choose it.
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
    /// Edits were stored together.
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
    entry: Entry<'a>,
    room: &'a str,
}

impl Core {
    /// Writes an entry, where the room is to be watched.
    pub(super) fn write<'a>(&self, entry: impl FnOnce() -> Entry<'a>, effects: &mut Vec<Effect>) {
        effects.extend(self.entry(entry));
    }

    /// The entry as an effect.
    pub(super) fn entry<'a>(&self, entry: impl FnOnce() -> Entry<'a>) -> Option<Effect> {
        if !self.definition.debug {
            return None;
        }
        let line = Line { entry: entry(), room: &self.name };
        Some(Effect::Debug { line: serde_json::to_string(&line).ok()? })
    }

    /// A handler or a hook ended.
    pub(super) fn write_end(&self, now: Millis, job: &Job, failed: bool, effects: &mut Vec<Effect>) {
        let (session, millis) = (&**job.origin.id(), now.saturating_sub(job.at));
        effects.extend(self.entry(|| match &job.task {
            Task::Event { name, .. } => {
                let known = self.definition.events.iter().find(|event| event.name() == &**name);
                Entry::Event { session, name: known.map(EventInfo::name), millis, failed }
            }
            _ => Entry::Hook { session, name: job.name().to_string(), millis, failed },
        }));
    }

    /// The room was made anew.
    pub(crate) fn woken(&self) -> Option<Effect> {
        self.entry(|| Entry::Wake { connections: self.members.len() })
    }
}
