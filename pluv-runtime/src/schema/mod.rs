//! The room's events, as data: at run time as JSON, and with the feature `ts` as TypeScript.
//!
//! With the feature `ts` the types that cross the wire derive [`TS`](https://docs.rs/ts-rs), and `cargo test` writes
//! `bindings/<Room>.ts` beside the crate's `Cargo.toml`: the room's type, for the stock `@pluv/client`, and a client
//! that needs no package, `connect`. Two variables of the environment say otherwise: `PLUV_BINDINGS_DIR` is another
//! directory, and with `PLUV_BINDINGS=check` nothing is written and a file that differs fails the test. A room inside a
//! function has no such file, as no test can run there; rustc warns of that in `cargo test`.

mod description;
mod event;
mod types;
#[cfg(feature = "ts")]
mod typescript;

pub(crate) use self::description::Description;
#[cfg(feature = "ts")]
pub(crate) use self::typescript::export;
pub use self::{
    event::EventInfo,
    types::{Declarations, EventTypes, RoomTypes, TypeInfo, Typed},
};
