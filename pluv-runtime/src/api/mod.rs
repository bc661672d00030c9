//! The types that users hold: a room, its handlers and their context.

mod call;
mod context;
mod handlers;
mod options;
mod session;

#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) use self::context::sessions;
pub use self::{
    call::{Call, IntoEvent, IntoHook, Message},
    context::{Context, StorageRef},
    handlers::{FinalState, Handlers, Hooks, Room},
    options::Options,
    session::Session,
};
pub(crate) use self::{
    call::{answer, done},
    handlers::definition,
};

/// The output of a room that declares none: there is nothing that it could send.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum NoOutput {}
