//! Handlers to run, and the queue that keeps those of one connection in order.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use futures_util::future::AbortRegistration;

use super::{
    ConnectionId,
    current::{Current, Name},
    typed::Typed,
};
use crate::protocol::{Millis, Origin, Protocol};

/// In place of the connection of a job that no connection causes. Such a job waits for no other.
pub(super) const NO_CONNECTION: ConnectionId = ConnectionId(u32::MAX);

/// A handler or hook to run.
#[derive(Debug)]
pub(crate) struct Job {
    /// The connection that caused it.
    pub(crate) connection: ConnectionId,
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    pub(crate) user: Typed,
    /// The key of the user in [`Users`](super::users::Users).
    pub(crate) user_key: Rc<str>,
    /// Time of the message.
    pub(crate) received: Millis,
    pub(crate) task: Task,
    /// Aborts a hook that others wait for.
    pub(crate) abort: Option<AbortRegistration>,
}

/// The handler or hook of a job.
#[derive(Debug)]
pub(crate) enum Task {
    Event {
        name: Rc<str>,
        /// A JSON object.
        data: String,
        /// The `id` of the request, as JSON.
        id: Option<Rc<str>>,
    },
    UserConnected,
    InitialStorage {
        /// Which question of the room it answers.
        attempt: u64,
    },
    StorageUpdated,
    RoomDeleted {
        /// The whole document.
        state: Vec<u8>,
        /// Its version.
        version: u64,
    },
    UserDisconnected {
        /// The last presence, as the user may be gone.
        presence: Typed,
    },
}

impl Job {
    /// Its name in the log.
    pub(crate) fn name(&self) -> Name {
        match &self.task {
            Task::Event { name, .. } => Name::Event(Rc::clone(name)),
            Task::UserConnected => Name::Fixed("on_user_connected"),
            Task::InitialStorage { .. } => Name::Fixed("get_initial_storage"),
            Task::StorageUpdated => Name::Fixed("on_storage_updated"),
            Task::RoomDeleted { .. } => Name::Fixed("on_room_deleted"),
            Task::UserDisconnected { .. } => Name::Fixed("on_user_disconnected"),
        }
    }

    /// The span in which it runs.
    #[cfg(feature = "tracing")]
    pub(crate) fn span(&self) -> tracing::Span {
        let (room, session) = (self.origin.room(), &**self.origin.id());
        tracing::info_span!(target: "pluv", "handler", room, session, event = %self.name())
    }

    /// Itself as the current code.
    pub(crate) fn current(&self) -> Current {
        Current {
            connection: self.connection,
            protocol: self.protocol,
            origin: Rc::clone(&self.origin),
            name: self.name(),
            request: self.request_id().cloned(),
        }
    }

    /// The `id` of the request that it answers, as JSON.
    pub(crate) fn request_id(&self) -> Option<&Rc<str>> {
        match &self.task {
            Task::Event { id, .. } => id.as_ref(),
            _ => None,
        }
    }

    /// Its memory while it waits, in bytes.
    fn bytes(&self) -> usize {
        let contents = match &self.task {
            Task::Event { data, .. } => data.len(),
            Task::RoomDeleted { state, .. } => state.len(),
            _ => 0,
        };
        size_of::<Self>() + contents
    }
}

/// Bytes of events of one connection that may wait for a handler, or one message, if that may be longer.
const MAX_WAITING: usize = 1 << 20;

/// Bytes of events of all connections that may wait: a quarter of the memory of an isolate.
const MAX_WAITING_IN_ROOM: usize = 32 << 20;

/// Runs the jobs of each connection one after the other.
#[derive(Debug, Default)]
pub(crate) struct JobQueue {
    /// The waiting jobs of each connection of which one runs.
    waiting: BTreeMap<ConnectionId, Waiting>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    bytes: usize,
}

impl JobQueue {
    /// Returns the job if it may run now, else it waits.
    pub(crate) fn push(&mut self, job: Job) -> Option<Job> {
        match self.waiting.get_mut(&job.connection) {
            Some(waiting) => {
                let bytes = job.bytes();
                waiting.bytes += bytes;
                self.bytes += bytes;
                waiting.jobs.push_back(job);
                None
            }
            None => {
                self.waiting.insert(job.connection, Waiting::default());
                Some(job)
            }
        }
    }

    /// Like [`push`](Self::push), for an event of a client.
    ///
    /// # Errors
    /// The limit of waiting events that the job would exceed; `message_limit` is that of one message, in bytes.
    pub(crate) fn push_event(&mut self, job: Job, message_limit: u64) -> Result<Option<Job>, String> {
        if let Some(waiting) = self.waiting.get(&job.connection) {
            let limit = MAX_WAITING.max(usize::try_from(message_limit).unwrap_or(usize::MAX));
            let (own, all) = (waiting.bytes + job.bytes(), self.bytes + job.bytes());
            if own > limit {
                return Err(format!("your events that wait for the room take {own} bytes: the limit is {limit}"));
            }
            if all > MAX_WAITING_IN_ROOM {
                return Err(format!(
                    "the events that wait for the room take {all} bytes: the limit is {MAX_WAITING_IN_ROOM}"
                ));
            }
        }
        Ok(self.push(job))
    }

    /// The next job of a connection of which one ended.
    pub(crate) fn next(&mut self, connection: ConnectionId) -> Option<Job> {
        let waiting = self.waiting.get_mut(&connection)?;
        let Some(next) = waiting.jobs.pop_front() else {
            self.waiting.remove(&connection);
            return None;
        };
        let bytes = next.bytes();
        waiting.bytes -= bytes;
        self.bytes -= bytes;
        Some(next)
    }
}
