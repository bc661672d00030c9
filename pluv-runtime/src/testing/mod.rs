//! A test kit for rooms: runs a room in `cargo test`, without workerd.
//!
//! Enable the feature `testing` in the dev-dependencies, so that the worker is built without it:
//!
//! ```toml
//! [dev-dependencies]
//! pluv = { package = "pluv-runtime", path = "../pluv/pluv-runtime", features = ["testing"] }
//! ```
//!
//! A [`World`] is one room with its clients, its storage and a virtual clock. It runs the engine of the Durable Object over
//! `SQLite` in memory, with a simulated platform: a test is deterministic and fast, and needs no async runtime.
//!
#![cfg_attr(not(feature = "ts"), doc = "```")]
#![cfg_attr(feature = "ts", doc = "```ignore")]
//! use std::time::Duration;
//!
//! use pluv::{prelude::*, testing::World, yrs::{GetString as _, ReadTxn as _, Text as _, WriteTxn as _}};
//! use serde_json::json;
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! pub struct User {
//!     id: String,
//! }
//!
//! #[derive(Deserialize)]
//! pub struct SendMessage {
//!     message: String,
//! }
//!
//! #[derive(Serialize)]
//! #[serde(tag = "type", content = "data", rename_all = "camelCase")]
//! pub enum Output {
//!     MessageReceived { message: String },
//! }
//!
//! #[pluv::room(user = User, output = Output, storage = Yrs, retention = "30d", wrangler = false)]
//! pub struct Chat {
//!     muted: Vec<String>,
//! }
//!
//! #[pluv::room]
//! impl Chat {
//!     #[hook]
//!     fn create(_env: &Env) -> Self {
//!         Self { muted: Vec::new() }
//!     }
//!
//!     #[event]
//!     fn send_message(&self, cx: &Context, input: SendMessage) -> Result<()> {
//!         if self.muted.contains(&cx.user().id) {
//!             return Err(Error::client("you are muted"));
//!         }
//!         cx.broadcast_others(Output::MessageReceived { message: input.message });
//!         Ok(())
//!     }
//! }
//!
//! // In place of `create`, which needs the platform's `Env`.
//! let world = World::new("lobby", || Chat { muted: vec!["eve".to_owned()] });
//! let user = |id: &str| User { id: id.to_owned() };
//! let (ada, bob, eve) = (world.join(user("ada")), world.join(user("bob")), world.join(user("eve")));
//!
//! ada.send("sendMessage", json!({ "message": "hi" }));
//! assert_eq!(bob.received("messageReceived"), [json!({ "message": "hi" })]);
//! eve.send("sendMessage", json!({ "message": "hi" }));
//! assert_eq!(eve.errors(), ["you are muted"]);
//!
//! // An offline edit is merged after a reconnect, also by a room that hibernated.
//! eve.leave();
//! eve.edit(|doc| doc.get_or_insert_text("note").push(doc, "from eve"));
//! world.hibernate();
//! eve.join();
//! let note = |client: &pluv::testing::Client<Chat>| client.read(|doc| doc.get_text("note").map(|note| note.get_string(doc)));
//! assert_eq!(note(&bob).as_deref(), Some("from eve"));
//!
//! // An edit that can't be stored is not broadcast.
//! world.storage().set_full(true);
//! ada.edit(|doc| doc.get_or_insert_text("note").push(doc, "!"));
//! assert_eq!(note(&bob).as_deref(), Some("from eve"));
//! world.storage().set_full(false);
//!
//! // A crash ends every connection, and stored data stays. A month later the document is deleted.
//! world.crash();
//! assert!(!ada.is_connected() && world.storage().size() > 0);
//! ada.join();
//! ada.leave();
//! world.advance(Duration::from_secs(30 * 24 * 3600));
//! assert_eq!(world.storage().size(), 0);
//! ```
//!
//! # Limitations
//! An [`Env`](crate::prelude::Env) exists in workerd only: `create`, `authorize` and the routes do not run, and the test makes
//! the room's struct itself. Put external calls of handlers, to a database or by fetch, behind a trait or a function that the
//! test replaces. A handler that panics fails the test.

mod admin;
mod client;
mod database;
mod frame;
mod host;
mod peer_view;
mod platform;
mod stock_client;
mod storage;
mod test_document;
mod thread_waker;
mod world;

#[cfg(test)]
mod tests;

pub use self::{
    client::{Client, Other},
    database::Fault,
    frame::Frame,
    storage::Storage,
    world::World,
};
#[cfg(test)]
pub(crate) use self::{
    database::Database,
    host::TestHost,
    peer_view::Peer,
    platform::SocketId,
    stock_client::{StockClient, message, update_storage},
    test_document::TestDocument,
};

/// An [`Env`](crate::prelude::Env) for a native test, for a room whose struct holds one. It has no bindings: to use it panics.
#[must_use]
pub fn env() -> worker::Env {
    use worker::wasm_bindgen::{JsCast as _, JsValue};

    JsValue::UNDEFINED.unchecked_into()
}
