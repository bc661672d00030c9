//! The room, sans-I/O: inputs carry the time, and the output is a list of effects.
//!
//! Messages of the protocol run to completion in one step. A handler runs between two steps: the first returns a job, the
//! second takes its result, and nothing of the room is borrowed meanwhile.

mod admin;
mod attachment;
mod awareness;
mod close;
mod connection;
mod cron;
mod definition;
mod dispatch;
mod document;
mod document_hooks;
mod edit_queue;
mod idle;
mod initial_storage;
mod job;
mod limits;
mod membership;
mod migrations;
mod room;
mod state;
mod step;
mod tasks;
#[cfg(test)]
mod tests;
mod ticks;
mod timers;
mod upgrade;

#[cfg(test)]
pub(crate) use self::attachment::{Attachment, MAX_ATTACHMENT};
pub(crate) use self::{
    admin::{AdminError, AdminReply, AdminRequest, AdminResponse, Call, SessionInfo},
    close::CloseReason,
    connection::{Admission, ConnectionId, take_current},
    definition::{Definition, Presence, Typed, Types, to_object},
    dispatch::{Dispatcher, Host, Pending, RunJob, Runtime},
    job::{Action, Change, Job, JobKind},
    room::Room,
    step::{Audience, Effect, Frame, Input},
    timers::HOOK_TIMEOUT,
};
pub use self::{
    close::Evict,
    cron::Cron,
    definition::{Hooks, Retention},
    job::Outcome,
    limits::Limits,
    state::{MigratedState, StateType},
    tasks::{FailedTask, ScheduledTask, TaskId, TaskInfo},
    ticks::TickInfo,
    upgrade::Upgrade,
};
