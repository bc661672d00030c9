//! The types that users hold: a room, its handlers and their context.

mod handlers;
mod room;
mod session;
mod sql;
mod types;

#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub(crate) use self::handlers::sessions;
pub(crate) use self::handlers::{answer, definition};
pub use self::{
    handlers::{Context, FinalState, Handlers, IntoEvent, IntoHook, Message, StorageRef},
    room::{NoOutput, Options, Room},
    session::Session,
    sql::{Kv, Sql},
    types::{Accepts, Declaration, Declarations, EventInfo, EventTypes, OutputTable, RoomTypes, TypeName, Typed},
};
