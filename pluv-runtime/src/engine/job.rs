//! Handlers to run with their results, and the queue that keeps those of one connection in order.

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    fmt,
    rc::Rc,
    time::Duration,
};

use futures_util::future::{AbortRegistration, LocalBoxFuture};

use super::{
    close::Evict,
    connection::{Author, Connection, ConnectionId, Current, user_id},
    definition::{Presence, Typed},
    step::{LogEntry, Step},
    tasks::{FailedTask, TaskId},
    upgrade::Upgrade,
};
use crate::{
    error::Error,
    protocol::{Incoming, Millis, Output},
};

/// In place of the connection of a job that no connection causes. Such a job waits for no other.
const NO_CONNECTION: ConnectionId = ConnectionId(u32::MAX);

/// A handler or hook to run.
#[derive(Debug)]
pub(crate) struct Job {
    /// The connection that caused it, and its name: that of the event or of the hook.
    pub(crate) current: Current,
    pub(crate) user: Typed,
    /// Tells users apart: `user.id`, or the session's own id.
    pub(crate) user_key: Rc<str>,
    /// The user's presence when it begins, which the room sets then; at once for a user who may be gone by then.
    pub(crate) presence: Option<Typed>,
    /// Time of the message.
    pub(crate) received: Millis,
    pub(crate) kind: JobKind,
    /// Aborts a hook that others wait for.
    pub(crate) abort: Option<AbortRegistration>,
}

/// The handler or hook of a job.
#[derive(Debug)]
pub(crate) enum JobKind {
    Event {
        /// A JSON object.
        data: String,
    },
    UserConnected,
    InitialStorage {
        /// The question of the room that it answers.
        attempt: u64,
    },
    StorageUpdated,
    RoomDeleted {
        /// The whole document.
        state: Vec<u8>,
        /// Its version.
        version: u64,
    },
    UserDisconnected,
    /// A task that is due.
    Scheduled {
        id: TaskId,
        /// Its input as JSON; none for one of a schedule.
        input: Option<String>,
    },
    TaskFailed(FailedTask),
    /// A procedure that the worker calls.
    WorkerCall {
        /// A JSON object.
        data: String,
    },
    Wake,
    /// A transaction of a future that outlives its handler.
    Detached,
    Connect(Upgrade),
    /// A request over HTTP, which the host keeps.
    Request,
    Tick {
        tick: usize,
        /// The time since the last one.
        elapsed: Duration,
    },
}

impl JobKind {
    /// The name of its hook in the log; an event has its own.
    fn hook(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::UserConnected => "on_user_connected",
            Self::InitialStorage { .. } => "get_initial_storage",
            Self::StorageUpdated => "on_storage_updated",
            Self::RoomDeleted { .. } => "on_room_deleted",
            Self::UserDisconnected => "on_user_disconnected",
            Self::Scheduled { .. } => "task",
            Self::TaskFailed(_) => "on_task_failed",
            Self::Tick { .. } => "tick",
            Self::WorkerCall { .. } => "call",
            Self::Wake => "on_wake",
            Self::Detached => "transaction",
            Self::Connect(_) => "on_connect",
            Self::Request => "on_request",
        }
    }
}

impl Job {
    /// An event of a connection. `request` is the `id` of its request, as JSON.
    pub(crate) fn event(connection: &Connection, received: Millis, message: &Incoming<'_>) -> Self {
        let job = Self::hook(connection, received, JobKind::Event { data: message.data.to_owned() });
        let (name, request) = (Some(Rc::from(&*message.name)), message.id.map(Rc::from));
        Self { current: Current { name, request, ..job.current }, ..job }
    }

    /// A hook that a connection causes.
    pub(crate) fn hook(connection: &Connection, received: Millis, kind: JobKind) -> Self {
        Self {
            current: Current { name: Some(kind.hook().into()), ..connection.current() },
            user: connection.user.clone(),
            user_key: Rc::clone(&connection.user_key),
            presence: None,
            received,
            kind,
            abort: None,
        }
    }

    /// A job that no connection causes, which waits for no other.
    pub(crate) fn of_room(author: &Author, user: Typed, received: Millis, kind: JobKind) -> Self {
        Self {
            current: Current {
                connection: NO_CONNECTION,
                protocol: author.protocol,
                origin: Rc::clone(&author.origin),
                name: Some(kind.hook().into()),
                request: None,
            },
            user,
            user_key: user_id(&author.user).map_or_else(|| Rc::clone(author.origin.id()), Into::into),
            presence: None,
            received,
            kind,
            abort: None,
        }
    }

    /// A job of the room itself: neither a connection nor a user causes it.
    pub(crate) fn of_nobody(room: &str, received: Millis, kind: JobKind) -> Self {
        Self::of_room(&Author::nobody(room), Typed::null(), received, kind)
    }

    /// With a handle that aborts it.
    pub(crate) fn aborted_by(self, abort: AbortRegistration) -> Self {
        Self { abort: Some(abort), ..self }
    }

    /// With another name than that of its kind.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { current: Current { name: Some(name.into()), ..self.current }, ..self }
    }

    /// The author of the changes that it makes.
    pub(crate) fn author(&self) -> Author {
        let Current { origin, protocol, .. } = &self.current;
        if origin.id().is_empty() {
            return Author::worker(origin.room());
        }
        Author { origin: Rc::clone(origin), user: Rc::clone(&self.user.json), protocol: *protocol }
    }

    /// The span in which it runs.
    #[cfg(feature = "tracing")]
    pub(crate) fn span(&self) -> tracing::Span {
        let (room, session) = (self.current.origin.room(), &**self.current.origin.id());
        tracing::info_span!(target: "pluv", "handler", room, session, event = %self.current.name())
    }

    /// Returns the entry of the event log for its end. Only the names of events that the room has are in the log.
    pub(crate) fn log_entry(&self, events: &[&'static str], now: Millis, failed: bool) -> LogEntry<'_> {
        let (session, millis) = (&**self.current.origin.id(), now.saturating_sub(self.received));
        let name = self.current.name();
        match &self.kind {
            JobKind::Event { .. } => {
                let name = events.iter().copied().find(|known| *known == name);
                LogEntry::Event { session, name, millis, failed }
            }
            _ => LogEntry::Hook { session, name: name.to_owned(), millis, failed },
        }
    }

    /// Its memory while it waits, in bytes.
    fn bytes(&self) -> usize {
        let contents = match &self.kind {
            JobKind::Event { data, .. } => data.len(),
            JobKind::RoomDeleted { state, .. } => state.len(),
            JobKind::Scheduled { input, .. } => input.as_ref().map_or(0, String::len),
            _ => 0,
        };
        size_of::<Self>() + contents
    }
}

/// The result of a handler that returned `Ok`.
#[derive(Debug)]
pub enum Outcome {
    /// An event or a hook ended.
    Done,
    /// A procedure answered.
    Answer {
        /// The event that carries the answer.
        name: &'static str,
        /// The answer, as JSON.
        data: String,
    },
    /// There is no handler of that name.
    Unhandled,
    /// The hook `get_initial_storage` returned this update.
    InitialStorage(Option<Vec<u8>>),
}

/// A change of the document: runs on a `yrs::Doc`, and returns the change as an update.
pub(crate) type Change = Box<dyn FnOnce(&dyn Any) -> Option<Vec<u8>>>;

/// Work that goes on after its handler has ended.
pub(crate) struct Background {
    pub(crate) cause: Current,
    pub(crate) future: LocalBoxFuture<'static, Result<(), Error>>,
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").field("cause", &self.cause).finish_non_exhaustive()
    }
}

/// One thing that a handler asked for.
pub(crate) enum Action {
    /// Send to everyone.
    Broadcast(Output),
    /// Send to everyone but the connection that caused the handler.
    BroadcastOthers(Output),
    /// Send to one session, by its id.
    Send(Rc<str>, Output),
    /// Replace the user's presence.
    SetPresence(Presence),
    /// Edit the document.
    Edit(Change),
    /// Send what follows from an edit that is stored.
    SendEdit(Box<Step>),
    /// Delete the row of a task that ended well.
    EndTask(TaskId),
    /// Replace the private state.
    SetState(Rc<dyn Any>),
    /// Replace the state that clients see.
    SetShared(Rc<dyn Any>),
    /// Run a future after all else was applied.
    WaitUntil(LocalBoxFuture<'static, Result<(), Error>>),
    /// Check for idle connections.
    CheckIdle,
    /// Close connections.
    Evict(Evict),
}

impl Action {
    /// Whether it changes something durable.
    pub(crate) fn is_durable(&self) -> bool {
        matches!(self, Self::Edit(_) | Self::SetState(_) | Self::SetShared(_) | Self::EndTask(_))
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast(output) => f.debug_tuple("Broadcast").field(output).finish(),
            Self::BroadcastOthers(output) => f.debug_tuple("BroadcastOthers").field(output).finish(),
            Self::Send(session, output) => f.debug_tuple("Send").field(session).field(output).finish(),
            Self::SetPresence(presence) => f.debug_tuple("SetPresence").field(presence).finish(),
            Self::Evict(evict) => f.debug_tuple("Evict").field(evict).finish(),
            Self::Edit(_) => f.write_str("Edit"),
            Self::SendEdit(_) => f.write_str("SendEdit"),
            Self::EndTask(id) => f.debug_tuple("EndTask").field(id).finish(),
            Self::SetState(_) => f.write_str("SetState"),
            Self::SetShared(_) => f.write_str("SetShared"),
            Self::WaitUntil(_) => f.write_str("WaitUntil"),
            Self::CheckIdle => f.write_str("CheckIdle"),
        }
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
        match self.waiting.get_mut(&job.current.connection) {
            Some(waiting) => {
                let bytes = job.bytes();
                waiting.bytes += bytes;
                self.bytes += bytes;
                waiting.jobs.push_back(job);
                None
            }
            None => {
                self.waiting.insert(job.current.connection, Waiting::default());
                Some(job)
            }
        }
    }

    /// Like [`push`](Self::push), for an event of a client.
    ///
    /// # Errors
    /// The limit of waiting events that the job would exceed; `message_limit` is that of one message, in bytes.
    pub(crate) fn push_event(&mut self, job: Job, message_limit: u64) -> Result<Option<Job>, String> {
        if let Some(waiting) = self.waiting.get(&job.current.connection) {
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
