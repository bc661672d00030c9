//! A handler that is to run, and the lane that keeps the handlers of one connection in order.

use std::{collections::BTreeMap, collections::VecDeque, rc::Rc};

use super::{
    Millis, Protocol,
    effect::Connection,
    leash::Leash,
    running::{Name, Running},
    types::Typed,
};
use crate::protocol::Origin;

/// A handler or hook to run for a connection.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) connection: Connection,
    /// What the connection speaks.
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    pub(crate) user: Typed,
    /// What tells the user apart.
    pub(crate) key: Rc<str>,
    /// When the message came.
    pub(crate) at: Millis,
    pub(crate) task: Task,
    /// What ends it, where others wait for it.
    pub(crate) leash: Option<Leash>,
}

/// What is to run.
#[derive(Debug)]
pub(crate) enum Task {
    Event {
        name: Rc<str>,
        /// A JSON object.
        data: String,
        /// The `id` of the request, as JSON.
        id: Option<Rc<str>>,
    },
    Connected,
    /// The document is asked for.
    InitialStorage,
    /// The document has changed.
    StorageUpdated,
    /// The document is about to be deleted.
    Deleted {
        /// All of it.
        state: Vec<u8>,
        /// Its mark.
        mark: u64,
    },
    /// With the last presence, as the user may be gone.
    Disconnected {
        presence: Typed,
    },
}

impl Job {
    /// What the log calls it.
    pub(crate) fn name(&self) -> Name {
        match &self.task {
            Task::Event { name, .. } => Name::Event(Rc::clone(name)),
            Task::Connected => Name::Fixed("on_user_connected"),
            Task::InitialStorage => Name::Fixed("get_initial_storage"),
            Task::StorageUpdated => Name::Fixed("on_storage_updated"),
            Task::Deleted { .. } => Name::Fixed("on_room_deleted"),
            Task::Disconnected { .. } => Name::Fixed("on_user_disconnected"),
        }
    }

    /// The span in which it runs.
    #[cfg(feature = "tracing")]
    pub(crate) fn span(&self) -> tracing::Span {
        let (room, session) = (self.origin.room(), &**self.origin.id());
        tracing::info_span!(target: "pluv", "handler", room, session, event = %self.name())
    }

    /// It, while it runs.
    pub(crate) fn running(&self) -> Running {
        let request = match &self.task {
            Task::Event { id, .. } => id.clone(),
            _ => None,
        };
        Running {
            connection: self.connection,
            protocol: self.protocol,
            origin: Rc::clone(&self.origin),
            name: self.name(),
            request,
        }
    }

    /// What it takes while it waits, in bytes.
    fn bytes(&self) -> usize {
        let contents = match &self.task {
            Task::Event { data, .. } => data.len(),
            Task::Deleted { state, .. } => state.len(),
            _ => 0,
        };
        size_of::<Self>() + contents
    }

    /// The `id` of the request that it answers.
    pub(crate) fn request(&self) -> Option<&str> {
        match &self.task {
            Task::Event { id, .. } => id.as_deref(),
            _ => None,
        }
    }
}

/// The jobs that wait for another of the same connection.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// An entry, empty or not, means that a job of its connection runs.
    lanes: BTreeMap<Connection, Lane>,
    /// What all that wait take, in bytes.
    bytes: usize,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Job>,
    bytes: usize,
}

impl Lanes {
    /// The job, if it may run now.
    pub(crate) fn enter(&mut self, job: Job) -> Option<Job> {
        match self.lanes.get_mut(&job.connection) {
            Some(lane) => {
                let bytes = job.bytes();
                lane.bytes += bytes;
                self.bytes += bytes;
                lane.waiting.push_back(job);
                None
            }
            None => {
                self.lanes.insert(job.connection, Lane::default());
                Some(job)
            }
        }
    }

    /// The job to run after one that ended.
    pub(crate) fn next(&mut self, connection: Connection) -> Option<Job> {
        let lane = self.lanes.get_mut(&connection)?;
        let Some(next) = lane.waiting.pop_front() else {
            self.lanes.remove(&connection);
            return None;
        };
        let bytes = next.bytes();
        lane.bytes -= bytes;
        self.bytes -= bytes;
        Some(next)
    }

    /// What would wait with this job, in bytes: of its connection, and of all. None where it would run at once.
    pub(crate) fn would_wait(&self, job: &Job) -> Option<(usize, usize)> {
        let lane = self.lanes.get(&job.connection)?;
        Some((lane.bytes + job.bytes(), self.bytes + job.bytes()))
    }
}
