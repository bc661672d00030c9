//! The types that users hold: a room, its handlers and their context.

mod context;
mod handlers;
mod room;
mod session;
mod sql;
mod tasks;
mod types;

#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) use self::context::sessions;
pub(crate) use self::handlers::{answer, definition, respond};
pub use self::{
    context::{Context, RoomHandle, StorageRef, TaskContext},
    handlers::{FinalState, Handlers, IntoEvent, IntoHook, Message},
    room::{NoOutput, Options, Room},
    session::Session,
    sql::{Kv, Sql},
    tasks::{At, TaskCall, TaskInput, When},
    types::{Accepts, Declaration, Declarations, EventInfo, EventTypes, OutputTable, RoomTypes, TypeName, Typed},
};
