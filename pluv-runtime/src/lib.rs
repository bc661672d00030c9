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

pub mod auth;
mod cloudflare;
pub mod contract;
mod error;
#[cfg(test)]
mod properties;
mod protocol;
mod room;
mod router;
pub mod schema;
mod serve;
mod storage;
#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use pluv_macros::{output, room};

pub use self::{
    auth::{Access, Grant},
    cloudflare::{Handle, RoomExt},
    error::{Error, Result},
    room::{
        Context, Deleted, Evict, Handlers, Hooks, Json, Limits, Message, Millis, NoOutput, Options, Protocol,
        Retention, Room, Session, StorageRef,
    },
    schema::EventInfo,
    storage::{NoStorage, Storage, Usage, Yrs},
};
pub use yrs;

/// What a room's source needs: `use pluv::prelude::*;`.
pub mod prelude {
    pub use serde::{Deserialize, Serialize};
    #[cfg(feature = "ts")]
    pub use ts_rs::TS;
    pub use worker::{Env, Request, Response};

    pub use crate::{Context, Deleted, Error, Evict, Grant, Limits, Message, Result, Room as _, RoomExt as _};
}
