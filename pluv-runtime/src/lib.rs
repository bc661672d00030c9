//! Real-time rooms on Cloudflare Durable Objects, from one annotated struct.
//!
#![cfg_attr(not(feature = "ts"), doc = "```")]
// The types would want another derive.
#![cfg_attr(feature = "ts", doc = "```ignore")]
//! use pluv::prelude::*;
//!
//! #[derive(Deserialize)]
//! pub struct SendMessage {
//!     pub message: String,
//! }
//!
//! #[pluv::output]
//! pub enum Output {
//!     MessageReceived { message: String },
//! }
//!
//! #[pluv::room(output = Output)]
//! pub struct Chat;
//!
//! #[pluv::room]
//! impl Chat {
//!     #[event]
//!     fn send_message(&self, cx: &Context, input: SendMessage) {
//!         cx.broadcast(Output::MessageReceived { message: input.message });
//!     }
//! }
//!
//! pluv::serve!(Chat);
//! # fn main() {}
//! ```
//!
//! That is a whole worker: a hibernating Durable Object for each room and the router in front of them. The stock
//! `@pluv/client` 5.x works against it.

mod api;
pub mod auth;
mod bindings;
mod cloudflare;
pub mod contract;
mod document;
mod engine;
mod error;
#[cfg(feature = "ts")]
mod probe;
#[cfg(test)]
mod properties;
mod protocol;
mod router;
pub mod schema;
mod serve;
mod sql;
#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub mod testing;

mod update;

#[doc(hidden)]
pub mod __private;

pub use pluv_macros::{output, room};

pub use self::{
    api::{
        At, Context, FinalState, Handlers, Kv, Message, NoOutput, Options, Room, RoomHandle, Session, Sql, StorageRef,
        TaskContext, TaskInput, When,
    },
    auth::{Access, Grant},
    cloudflare::{Call, Handle, HandleOf, RoomExt},
    document::{NoStorage, Storage, Usage, Yrs},
    engine::{Evict, FailedTask, Hooks, Limits, MigratedState, Retention, ScheduledTask, StateType, TaskId, Upgrade},
    error::{Error, Result},
    protocol::{Json, Millis, Protocol},
    schema::EventInfo,
    sql::{Params, ToValue, Value},
};
pub use serde_json;
pub use yrs;

/// The names that a room's source needs: `use pluv::prelude::*;`.
pub mod prelude {
    pub use serde::{Deserialize, Serialize};
    #[cfg(feature = "ts")]
    pub use ts_rs::TS;
    pub use worker::{Env, Request, Response};

    pub use crate::{
        Context, Error, Evict, FailedTask, FinalState, Grant, Limits, Message, Result, Room as _, RoomExt as _,
        TaskContext, Upgrade, params,
    };
}
