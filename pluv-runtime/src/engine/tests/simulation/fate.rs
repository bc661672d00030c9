//! Why the room may close a connection.

use crate::engine::tests::simulation::room::IDLE;

/// The history of a connection: what it has done, and what was done to it.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    /// When the room last had something of it.
    heard: u64,
    /// The code that it was sent away with.
    sent_away: Option<u16>,
    /// It sends more than a connection may.
    pub(super) floods: bool,
    /// It has sent what is none of its protocol.
    pub(super) is_garbled: bool,
}

impl Fate {
    /// Of a connection that came now.
    pub(super) fn new(now: u64) -> Self {
        Self { heard: now, sent_away: None, floods: false, is_garbled: false }
    }

    /// Something of it has come.
    pub(super) fn hear(&mut self, now: u64) {
        self.heard = now;
    }

    /// The clock was set to this.
    pub(super) fn jump(&mut self, now: u64) {
        self.heard = self.heard.min(now);
    }

    /// It is to be closed with this code.
    pub(super) fn send_away(&mut self, code: u16) {
        self.sent_away = Some(code);
    }

    /// There is a reason to close it with this code. `is_lost` says that the room's memory was.
    pub(super) fn check(&self, code: u16, now: u64, is_lost: bool) {
        if self.sent_away == Some(code) {
            return;
        }
        match code {
            1003 => assert!(self.is_garbled, "what it sends is in order"),
            1008 => assert!(self.floods, "it does not send too much"),
            1012 => assert!(is_lost || now - self.heard >= IDLE, "it was heard {} ms ago", now - self.heard),
            // The storage or a hook failed: it comes back.
            1013 => {}
            code => panic!("closed with {code} for nothing"),
        }
    }
}
