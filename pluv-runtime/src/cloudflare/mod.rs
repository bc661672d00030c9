//! The platform: the only code that touches it. It feeds inputs to rooms and carries out their effects.

mod abort;
mod handle;
mod header;
mod object;
mod pings;
mod refusal;
mod route;
mod sockets;
mod spill;
mod sql;
mod waits;

pub use worker::{Env, Request};

use self::header::ascii;
pub use self::{handle::Handle, object::Object, route::RoomExt};

/// The header in which the router tells an object whom it lets in. A request from outside never reaches an object:
/// the router makes a new one.
const ADMISSION: &str = "x-pluv-admission";
/// Where an object takes new connections. The host is a placeholder: no request for it leaves the platform.
const CONNECT_URL: &str = "https://room.internal/connect";
/// The header in which the worker asks an object for something. The same holds for it.
const ASK: &str = "x-pluv-ask";
/// Where an object is asked.
const ASK_URL: &str = "https://room.internal/ask";

/// The time, in milliseconds since the Unix epoch.
fn now() -> crate::Millis {
    // As a number, for which no JS object is made.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole positive number")]
    let now = worker::js_sys::Date::now() as crate::Millis;
    now
}
