//! The initial document: given by the hook `get_initial_storage`, or else by the first client that brings one.

use futures_util::future::AbortHandle;

use super::{ConnectionId, users::Presence};
use crate::update::ValidatedUpdate;

/// Bytes of frames that a provider may send while it waits for the initial document.
const MAX_BUFFERED: usize = 1 << 20;

/// A connection that wants to join.
#[derive(Debug)]
pub(super) struct PendingJoin {
    pub(super) connection: ConnectionId,
    /// The presence that it brings, where its user has none.
    pub(super) presence: Option<Presence>,
    /// The document that it brings.
    pub(super) update: Option<ValidatedUpdate>,
    /// Frames of a provider that arrived meanwhile.
    pub(super) frames: Vec<Vec<u8>>,
}

/// Whether the hook was asked for the initial document.
#[derive(Debug, Default)]
pub(super) struct InitialStorage {
    state: State,
    attempts: u64,
}

#[derive(Debug, Default)]
enum State {
    /// Not since the room woke, or since the document was deleted.
    #[default]
    NotAsked,
    /// The hook runs, and these connections wait for it.
    Asked { waiting: Vec<PendingJoin>, abort: AbortHandle },
    /// It has answered, or there is a document.
    Done,
}

impl InitialStorage {
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    pub(super) fn set_done(&mut self) {
        self.state = State::Done;
    }

    /// Lets a connection wait if the hook runs; else gives it back.
    pub(super) fn wait(&mut self, join: PendingJoin) -> Option<PendingJoin> {
        match &mut self.state {
            State::Asked { waiting, .. } => {
                waiting.push(join);
                None
            }
            _ => Some(join),
        }
    }

    /// Starts an attempt, for which `join` waits. Returns its number, which its answer has to carry.
    pub(super) fn ask(&mut self, join: PendingJoin, abort: AbortHandle) -> u64 {
        self.attempts += 1;
        self.state = State::Asked { waiting: vec![join], abort };
        self.attempts
    }

    /// The answer of an attempt came. Returns the connections that wait, or `None` if the attempt is not the running one.
    pub(super) fn answered(&mut self, attempt: u64) -> Option<Vec<PendingJoin>> {
        if attempt != self.attempts {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Asked { waiting, .. } => Some(waiting),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Aborts the running attempt: its answer is an error then.
    pub(super) fn abort(&self) {
        if let State::Asked { abort, .. } = &self.state {
            abort.abort();
        }
    }

    /// Forgets everything, as the document was deleted. Returns whether an attempt was running: its answer is ignored.
    pub(super) fn reset(&mut self) -> bool {
        self.abort();
        matches!(std::mem::take(&mut self.state), State::Asked { .. })
    }

    /// Keeps a frame of a provider that waits.
    ///
    /// # Errors
    /// When it has sent too many.
    pub(super) fn buffer(&mut self, connection: ConnectionId, frame: Vec<u8>) -> Result<(), ()> {
        let State::Asked { waiting, .. } = &mut self.state else { return Ok(()) };
        let Some(join) = waiting.iter_mut().find(|join| join.connection == connection) else { return Ok(()) };
        if join.frames.iter().map(Vec::len).sum::<usize>() + frame.len() > MAX_BUFFERED {
            return Err(());
        }
        join.frames.push(frame);
        Ok(())
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) {
        if let State::Asked { waiting, .. } = &mut self.state {
            waiting.retain(|join| join.connection != connection);
        }
    }
}
