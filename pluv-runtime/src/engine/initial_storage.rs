//! The initial document: given by the hook `get_initial_storage`, or else by the first client that brings one.

use futures_util::future::{AbortHandle, AbortRegistration};

use super::{connection::ConnectionId, definition::Presence};
use crate::{
    document::{Document, StoreError},
    protocol::Millis,
    update::ValidatedUpdate,
};

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

impl PendingJoin {
    /// A provider that wants to join.
    pub(super) fn of_provider(connection: ConnectionId) -> Self {
        Self { connection, presence: None, update: None, frames: Vec::new() }
    }
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

/// The next step of a connection that wants to join.
#[derive(Debug)]
pub(super) enum NextStep {
    Join(PendingJoin),
    /// It waits for the hook.
    Wait,
    /// The hook has to be run, for which it waits.
    RunHook {
        /// The number of the attempt, which the answer has to carry.
        attempt: u64,
        abort: AbortRegistration,
    },
}

impl InitialStorage {
    /// Decides whether a connection can join, or has to wait for the hook, if the room has it.
    ///
    /// # Errors
    /// When the document can't be read.
    pub(super) fn request_join(
        &mut self,
        join: PendingJoin,
        has_hook: bool,
        document: Option<&mut (dyn Document + 'static)>,
        now: Millis,
    ) -> Result<NextStep, StoreError> {
        match &mut self.state {
            State::Done => return Ok(NextStep::Join(join)),
            State::Asked { waiting, .. } => {
                waiting.push(join);
                return Ok(NextStep::Wait);
            }
            State::NotAsked => {}
        }
        let is_empty = document.map_or(Ok(false), |document| document.is_empty(now))?;
        if !(is_empty && has_hook) {
            self.state = State::Done;
            return Ok(NextStep::Join(join));
        }
        let (abort, registration) = AbortHandle::new_pair();
        self.attempts += 1;
        self.state = State::Asked { waiting: vec![join], abort };
        Ok(NextStep::RunHook { attempt: self.attempts, abort: registration })
    }

    /// There is a document, or there is to be none but that of the clients.
    pub(super) fn set_done(&mut self) {
        self.state = State::Done;
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
