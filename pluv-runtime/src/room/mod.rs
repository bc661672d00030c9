//! The room, sans-IO: what comes in carries the time, what goes out is a list of effects.
//!
//! Protocol messages are answered in one synchronous step. A handler runs between two: the first hands out a [`Job`],
//! the second takes its result, and nothing of the room is borrowed meanwhile.

mod ask;
mod attachment;
mod awareness;
mod call;
mod context;
mod core;
mod definition;
mod driver;
mod effect;
mod evict;
mod job;
mod leash;
mod limits;
mod meter;
mod options;
mod outbox;
mod people;
mod retention;
mod running;
mod session;
mod storage;
mod types;

#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) use self::ask::Answer;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use self::attachment::Attachment;

#[cfg(test)]
pub(crate) use self::attachment::MAX_ATTACHMENT;
pub(crate) use self::{
    ask::{Ask, Card, Unmet},
    call::{answer, done},
    core::{Core, Step, Unfit, error_frame},
    driver::Driver,
    effect::{Connection, Effect, To},
    evict::MAX_REASON,
    leash::PATIENCE,
    running::lost,
    session::Admission,
    types::Types,
};
pub use self::{
    call::{Call, IntoEvent, IntoHook, Message, Outcome},
    context::Context,
    definition::{Handlers, Hooks, Room},
    evict::Evict,
    limits::Limits,
    options::Options,
    retention::{Deleted, Retention},
    session::{Protocol, Session},
    storage::StorageRef,
};

/// Any JSON object: the presence of a room that declares none.
pub type Json = serde_json::Map<String, serde_json::Value>;

/// The output of a room that declares none: there is nothing that it could send.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum NoOutput {}

/// Milliseconds since the Unix epoch.
pub type Millis = u64;
