//! The schema of a room: its events and types, as JSON at run time and with the feature `ts` as TypeScript.
//!
//! With the feature `ts` the types that cross the wire derive [`TS`](https://docs.rs/ts-rs), and `cargo test` writes
//! `bindings/<Room>.ts` beside the crate's `Cargo.toml`: the room's type, for the stock `@pluv/client`, and a client
//! without dependencies, `connect`. Two environment variables change that: `PLUV_BINDINGS_DIR` is another directory, and
//! with `PLUV_BINDINGS=check` nothing is written and a file that differs fails the test. A room inside a function has no
//! such file, as no test can be in a function; rustc warns of that in `cargo test`.

#[cfg(feature = "ts")]
mod declarations;
mod description;
#[cfg(feature = "ts")]
mod file;
#[cfg(feature = "ts")]
mod outputs;
#[cfg(feature = "ts")]
mod syntax;
#[cfg(all(test, feature = "ts"))]
mod tests;

pub(crate) use self::description::Description;
#[cfg(feature = "ts")]
pub(crate) use self::file::export;
pub use crate::api::{Accepts, Declaration, Declarations, EventInfo, EventTypes, RoomTypes, TypeName, Typed};
