//! The events that the handlers of a room have got, and must have: each connection's in order, one at a time.

use std::collections::BTreeMap;

/// The events of a session.
#[derive(Debug, Default)]
struct Heard {
    /// The last thing that it said.
    last: u64,
    /// A handler of it runs.
    is_busy: bool,
    has_left: bool,
}

/// The calls of handlers and hooks, by the sessions that caused it.
#[derive(Debug, Default)]
pub(super) struct Talk {
    heard: BTreeMap<String, Heard>,
    /// Calls of the sessions up to this one may be lost, as the room's memory was.
    unsure: u32,
}

impl Talk {
    /// `on_user_connected`.
    pub(super) fn connected(&mut self, session: &str) {
        assert!(self.heard.insert(session.to_owned(), Heard::default()).is_none(), "{session} has connected twice");
    }

    /// `on_user_disconnected`.
    pub(super) fn disconnected(&mut self, session: &str) {
        let Some(heard) = self.of(session) else { return };
        assert!(!heard.is_busy, "{session} leaves while a handler of it runs");
        assert!(!std::mem::replace(&mut heard.has_left, true), "{session} has left twice");
    }

    /// The handler of the thing of this number begins.
    pub(super) fn begin(&mut self, session: &str, number: u64) {
        let is_sure = !self.is_unsure(session);
        let Some(heard) = self.of(session) else { return };
        assert!(!heard.has_left, "{session} has left, and says {number}");
        assert!(!std::mem::replace(&mut heard.is_busy, true), "two handlers of {session} run at once");
        assert!(number > heard.last, "{session} has said {number} before {}", heard.last);
        assert!(!is_sure || number == heard.last + 1, "{session} says {number} after {}", heard.last);
        heard.last = number;
    }

    /// It has ended.
    pub(super) fn end(&mut self, session: &str) {
        if let Some(heard) = self.of(session) {
            heard.is_busy = false;
        }
    }

    fn of(&mut self, session: &str) -> Option<&mut Heard> {
        let is_unsure = self.is_unsure(session);
        let heard = self.heard.get_mut(session);
        assert!(heard.is_some() || is_unsure, "{session} has not connected");
        heard
    }

    /// The room's memory is lost, with calls for any of so many sessions that there were.
    pub(super) fn lose_calls(&mut self, sessions: u32) {
        self.heard.clear();
        self.unsure = sessions;
    }

    fn is_unsure(&self, session: &str) -> bool {
        let number: u32 = session.trim_start_matches('s').parse().expect("sessions are numbered");
        number <= self.unsure
    }

    /// Exactly these sessions are there, and have said so much.
    pub(super) fn check(&mut self, there: &BTreeMap<String, u64>) {
        self.heard.retain(|session, heard| {
            assert!(!heard.has_left || !there.contains_key(session), "{session} has left, and is there");
            assert!(heard.has_left || there.contains_key(session), "{session} was not heard to leave");
            !heard.has_left
        });
        for (session, said) in there {
            if self.is_unsure(session) {
                continue;
            }
            let heard = self.heard.get(session).unwrap_or_else(|| panic!("{session} was not heard to come"));
            assert_eq!(heard.last, *said, "{session} was not heard out");
        }
    }
}
