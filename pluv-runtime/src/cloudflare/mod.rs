//! The platform: the only code that touches it. It feeds inputs to rooms and carries out their effects.

mod call;
mod handle;
mod host;
mod object;
mod pending;
mod poll;
mod request;
mod route;
mod sql;

pub use worker::{Env, Request};
use worker::{
    State,
    wasm_bindgen::{JsCast as _, JsValue},
    worker_sys::DurableObjectState,
};

pub use self::{
    call::Call,
    handle::{Handle, HandleOf},
    object::Object,
    route::RoomExt,
};

/// The same object.
fn same_state(state: &State) -> State {
    let object: JsValue = state.as_raw().into();
    State::from(object.unchecked_into::<DurableObjectState>())
}

/// The time, in milliseconds since the Unix epoch.
fn now() -> crate::Millis {
    // As a number, for which no JS object is made.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the time is a whole positive number")]
    let now = worker::js_sys::Date::now() as crate::Millis;
    now
}
