//! The room, sans-I/O: inputs carry the time, and the output is a list of effects.
//!
//! Messages of the protocol run to completion in one step. A handler runs between two steps: the first returns a job, the
//! second takes its result, and nothing of the room is borrowed meanwhile.

mod action;
mod admin;
mod attachment;
mod awareness;
mod close;
mod connection;
mod current;
mod dispatch;
mod document;
mod document_hooks;
mod edit_queue;
mod effect;
mod event_log;
mod evict;
mod idle;
mod initial_storage;
mod job;
mod limits;
mod membership;
mod outcome;
mod rate_limit;
mod room;
#[cfg(test)]
mod tests;
mod timers;
mod typed;
mod users;

#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) use self::admin::AdminResponse;
#[cfg(test)]
pub(crate) use self::attachment::{Attachment, MAX_ATTACHMENT};
pub(crate) use self::{
    action::{Action, ActionQueue, Change},
    admin::{AdminError, AdminReply, AdminRequest, SessionInfo},
    attachment::SqlSessionStore,
    close::CloseReason,
    connection::Admission,
    current::take_current,
    dispatch::{Dispatcher, Host, Pending, RunJob},
    effect::{Audience, ConnectionId, Effect, Frame},
    job::{Job, Task},
    outcome::OutcomeKind,
    room::{Definition, Hooks as EngineHooks, Input, Room},
    timers::HOOK_TIMEOUT,
    typed::{Typed, Types, to_object},
    users::Presence,
};
pub use self::{evict::Evict, limits::Limits, outcome::Outcome, room::Retention};
