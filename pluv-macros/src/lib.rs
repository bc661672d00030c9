//! The `#[pluv::room]` macro: from an annotated struct and its impl to a Durable Object.
//!
//! Tokens pass four steps, each in a folder or file: `parse` reads the syntax, `model` determines its meaning, `check` reports
//! mistakes, and `expand`, which can't fail, generates calls into the runtime. Errors are collected on the way, and the user's
//! item is always kept.

mod check;
mod errors;
mod expand;
mod model;
mod names;
mod output;
mod parse;
mod wrangler;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;

use self::{errors::Errors, parse::Item};

/// Makes a struct a room, and the methods of its impl the room's handlers.
///
/// The struct takes the room's options, all of them optional:
///
/// | option | meaning | default |
/// |---|---|---|
/// | `user = User` | the connected user, a struct with an `id` that is a string; a room with users requires a token | none |
/// | `presence = Presence` | the part of a user that everyone sees | any JSON object |
/// | `state = State` | a durable state that is private to the room | none |
/// | `shared = Shared` | a durable state that all clients see | none |
/// | `sql` | tables of the room's own in the object's `SQLite`, and a key-value store | none |
/// | `migrations = ["migrations/0001.sql"]` | files of statements that make these tables, each applied once | none |
/// | `output = Output` | everything that the room can send, as an enum with [`#[pluv::output]`](macro@output) | nothing |
/// | `storage = Yrs` | a Yjs document that clients edit together | none |
/// | `retention = "30d"` | how long the document is kept when nobody is connected: `"keep"`, `"delete"`, or a time | `"keep"` |
/// | `limits(storage = 2_000_000)` | the limits of the room, here the bytes of its document's encoding | those of `Limits::new()` |
/// | `path = "/api/pluv"` | the path of the room's routes | `/api/pluv` |
/// | `binding = "CHAT"` | the Durable Object binding | the struct's name in upper snake case |
/// | `secret = "NAME"` | the variable, or a list of variables, with the secrets of tokens | `["PLUV_SECRET", "PLUV_SECRET_PREVIOUS"]` |
/// | `cors = "https://app.example"` | the origin, or a list of origins, that may request a token from another site; `"*"` is any | none |
/// | `debug` | logs the events of the room: one JSON object a line, without tokens, users or contents | logs errors only |
/// | `relay_unknown` | relays events without a handler to everyone | answers them with an `$error` |
/// | `wrangler = false` | turns the check of wrangler's configuration off | the room is checked |
/// | `crate = "pluv"` | the path of this crate, if it was renamed | `::pluv` |
///
/// Where a `wrangler.json`, `wrangler.jsonc` or `wrangler.toml` (the first that exists, as in wrangler) stands beside
/// `Cargo.toml`, a room in a library is checked against it: its class is bound, under the name that the room looks for, and
/// has `SQLite`, by `migrations` or by `exports`; and there are a `main` and a command that builds it. The check covers the
/// top level and each named environment, which inherits no binding. A change of the file rebuilds the crate; a new file is
/// noticed at the next build. Rooms in tests, benchmarks, examples, documentation and dependencies are not
/// checked; for one under `#[cfg(test)]`, or that is in no worker, write `wrangler = false`.
///
/// On the impl the attribute is bare (`crate` apart), and its methods are marked:
///
/// - `#[event]` takes `(&self, cx: &Context, input: T)`, or less, and returns nothing or a `Result<()>`. Clients send it by
///   the method's name in camelCase; `#[event(name = "..")]` sets another.
/// - `#[procedure]` is an event whose return value is sent to the caller alone, as the event `<name>Result` or as
///   `#[procedure(reply = "..")]` names it. With `#[procedure(worker)]` the worker alone calls it, by the room's handle.
/// - `#[task]` takes `(&self, cx: &TaskContext, input: T)`, and runs at the time for which `cx.schedule(when, input)` schedules
///   its input, whose type no other task has. `#[task(cron = "0 9 * * MON-FRI")]` takes no input, and runs by that schedule, in
///   UTC. `timeout = "2m"` is the time that it may take (30 seconds), and `name = ".."` its name where it is stored (the method's).
/// - `#[tick("50ms")]` takes `(&self, cx: &TaskContext, elapsed: Duration)`, or less, and runs at that pace while someone is
///   connected, with the time since it last ran.
/// - `#[hook(..)]` is called by the room itself, in the role that it names: `create`, `authorize`, `user_connected`,
///   `user_disconnected`, `message`, `wake`, `connect`, `request`, `task_failed`, of a room with a state `migrate_state`, and of one with a document
///   `initial_storage`, `storage_updated` and `room_deleted`. A bare `#[hook]` takes its role from the method's name: `create`,
///   `authorize`, `on_user_connected`, `on_user_disconnected`, `on_message`, `on_wake`, `on_connect`, `on_request`, `on_task_failed`, `migrate_state`,
///   `get_initial_storage`, `on_storage_updated` and `on_room_deleted`.
///
/// In the signatures of these methods `Context` is `pluv::Context<'_, Self>`, `TaskContext` is `pluv::TaskContext<'_, Self>` and
/// `Result<T>` is `pluv::Result<T>`, whatever is imported.
#[proc_macro_attribute]
pub fn room(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options.into(), item.into()).into()
}

/// Makes an enum the output of a room: each variant is a message, named in camelCase, whose fields are its data.
///
/// ```ignore
/// #[pluv::output]
/// pub enum Output {
///     /// A user sent a message: `{"type": "messageReceived", "data": {"message": ".."}}`.
///     MessageReceived { message: String },
/// }
/// ```
///
/// It derives `Serialize`, and `TS` with the feature `ts`; the crates `serde` and `ts-rs` need not be dependencies for it.
/// A variant takes `#[serde(rename = "..")]`. The name of a variant is the only one of its kind and has no `$` in front, and
/// its data is an object or nothing. Doc comments go to TypeScript. `crate = ".."` is the path of this crate, as for
/// [`#[pluv::room]`](macro@room).
#[proc_macro_attribute]
pub fn output(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = parse::options(options.into(), &mut errors);
    let mut tokens = output::expand(options, item.into(), &mut errors);
    tokens.extend(errors.into_tokens());
    tokens.into()
}

/// Derives nothing: it replaces `TS` without the feature `ts`, so that `#[ts(..)]` is accepted with and without it.
#[doc(hidden)]
#[proc_macro_derive(NoTypes, attributes(ts))]
pub fn no_types(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

fn expand(options: Tokens, item: Tokens) -> Tokens {
    let mut errors = Errors::default();
    let options = parse::options(options, &mut errors);
    let is_valid = errors.len() == 0;
    let mut tokens = match parse::item(item.clone(), &mut errors) {
        Some(Item::Type(item)) => {
            let definition = model::Definition::new(*item, options);
            check::definition(&definition, &mut errors);
            // An option that was rejected may be the binding, or the one that turns this off.
            let configuration = is_valid.then(|| wrangler::check(&definition, &mut errors)).flatten();
            expand::definition(&definition, configuration)
        }
        Some(Item::Impl(implementation)) => {
            let handlers = model::Handlers::new(*implementation, options, &mut errors);
            check::handlers(&handlers, &mut errors);
            expand::handlers(&handlers)
        }
        None => item,
    };
    tokens.extend(errors.into_tokens());
    tokens
}

#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod tests;
