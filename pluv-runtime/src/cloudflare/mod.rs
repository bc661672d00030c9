//! The platform: the only code that touches it. It feeds inputs to rooms and carries out their effects.

mod handle;
mod header;
mod host;
mod object;
mod pending;
mod refuse;
mod route;
mod sql;

pub use worker::{Env, Request};

pub use self::{handle::Handle, object::Object, route::RoomExt};
use self::{header::ascii, refuse::refuse};

/// The header in which the router hands a connection over to an object. A request from outside never reaches an object: the
/// router makes a new one.
const ADMISSION_HEADER: &str = "x-pluv-admission";
/// The header with the room's name, for the same reason: an object that its alarm has started may not know it.
const ROOM_HEADER: &str = "x-pluv-room";
/// Where an object takes new connections. The host is a placeholder: no request for it leaves the platform.
const CONNECT_URL: &str = "https://room.internal/connect";
/// The header of an admin request, for which the same holds.
const ADMIN_HEADER: &str = "x-pluv-admin";
/// Where an object takes admin requests.
const ADMIN_URL: &str = "https://room.internal/admin";

/// The time, in milliseconds since the Unix epoch.
fn now() -> crate::Millis {
    // As a number, for which no JS object is made.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole positive number")]
    let now = worker::js_sys::Date::now() as crate::Millis;
    now
}
