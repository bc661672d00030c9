//! The `#[pluv::room]` macro: from an annotated struct and its impl to a Durable Object.
//!
//! Tokens go one way through four steps, and each has a folder or a file: `parse` reads what was written, `model`
//! says what it means, `check` finds what can't work, and `expand`, which can't fail, writes calls into the
//! runtime. Mistakes are gathered on the way, and the user's item is always kept.

mod beside;
mod check;
mod errors;
mod expand;
mod model;
mod names;
mod outputs;
mod parse;
mod place;
mod seen;
mod wrangler;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;

use self::{errors::Errors, parse::Item};

/// Makes a struct a room, and the methods of its impl the room's handlers.
///
/// On the struct stand the room's options, all of them optional:
///
/// | option | what it is | default |
/// |---|---|---|
/// | `user = User` | who is connected, a struct with an `id` that is a string; a room with users wants a token | none |
/// | `presence = Presence` | what everyone sees of a user | any JSON object |
/// | `output = Output` | everything that the room can send | nothing |
/// | `storage = Yrs` | a Yjs document that clients edit together | none |
/// | `retention = "30d"` | how long the document stays when nobody is there: `"keep"`, `"delete"`, or a time | `"keep"` |
/// | `limits(storage = 2_000_000)` | the most that the document may take, in bytes of its encoding, at most 10,000,000 | 5,000,000 |
/// | `path = "/api/pluv"` | where the room's routes are | `/api/pluv` |
/// | `binding = "CHAT"` | the Durable Object binding | the struct's name in upper snake case |
/// | `secret = "NAME"` | the variable, or the list of some, with the secrets of tokens | `["PLUV_SECRET", "PLUV_SECRET_PREVIOUS"]` |
/// | `cors = "https://app.example"` | the origin, or the list of some, that may ask for a token from another site; `"*"` is any | none |
/// | `debug` | logs the life of the room: one JSON object a line, without tokens, users or contents | logs errors alone |
/// | `relay_unknown` | relays events without a handler to everyone | answers them with an `$error` |
/// | `wrangler = false` | leaves wrangler's configuration alone | the room is checked against it |
/// | `crate = "pluv"` | where this crate is, if it was renamed | `::pluv` |
///
/// Where a `wrangler.json`, `wrangler.jsonc` or `wrangler.toml` (the first that there is, as wrangler has it) stands
/// beside `Cargo.toml`, a room in a library is checked against it: its class is bound, under the name that the room
/// looks for, and has `SQLite`, by `migrations` or by `exports`; and there are a `main` and a command that builds it. That
/// goes for the top level and for each environment that binds Durable Objects. A change of the file builds the crate
/// anew; one that was not there before is seen when the crate is next built. Rooms in tests, benchmarks, examples,
/// documentation and dependencies are not checked; for one under `#[cfg(test)]`, or that is in no worker, write
/// `wrangler = false`.
///
/// On the impl the attribute is bare (`crate` apart), and its methods are marked:
///
/// - `#[event]` takes `(&self, cx: &Context<'_, Self>, input: T)`, or less, and returns nothing or a `Result<()>`.
///   Clients send it by the method's name in camelCase; `#[event(name = "..")]` sets another.
/// - `#[procedure]` is an event whose return value is sent to the caller alone, as the event `<name>Result` or as
///   `#[procedure(reply = "..")]` names it.
/// - `#[hook]` is called by the room itself: `create`, `authorize`, `on_user_connected`, `on_user_disconnected`,
///   `on_message`, and of a room with a document `get_initial_storage`, `on_storage_updated` and `on_room_deleted`.
#[proc_macro_attribute]
pub fn room(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options.into(), item.into()).into()
}

fn expand(options: Tokens, item: Tokens) -> Tokens {
    let mut errors = Errors::default();
    let options = parse::options(options, &mut errors);
    let is_understood = errors.len() == 0;
    let mut tokens = match parse::item(item.clone(), &mut errors) {
        Some(Item::Type(item)) => {
            let definition = model::Definition::new(*item, options);
            check::definition(&definition, &mut errors);
            let seen = seen::of_struct(&definition, &mut errors);
            // An option that was not understood may be the binding, or the one that turns this off.
            let configuration = is_understood.then(|| wrangler::check(&definition, &mut errors)).flatten();
            expand::definition(&definition, &seen, configuration)
        }
        Some(Item::Impl(implementation)) => {
            let mut handlers = model::Handlers::new(*implementation, options, &mut errors);
            check::handlers(&handlers, &mut errors);
            let seen = seen::of_impl(&mut handlers, &mut errors);
            expand::handlers(&handlers, seen, !place::is_in_function(&handlers.implementation.self_ty))
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
