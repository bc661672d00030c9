//! Rooms whose wasm instance is lost: by a panic, or by memory that ran out.
//!
//! All rooms of an isolate share one instance. Sockets stay open, and at the next event each room is rebuilt from attachments
//! and storage. What only the old instance knew is lost: handlers that wait, and edits that wait to be stored. So the client
//! that caused the panic is told, and the connections that wait for something that is lost are closed with a code after which
//! clients reconnect: they ask again, and send their whole document.

use std::{cell::RefCell, rc::Rc};

use worker::{
    console_error,
    js_sys::{Map, Promise},
    wasm_bindgen::{self, JsValue, handler, prelude::wasm_bindgen},
};

use crate::{
    engine::{ConnectionId, take_current},
    error::INTERNAL,
    protocol::{Millis, Protocol, RESTARTED, error_frame, yjs},
};

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/host.js", js_namespace = host)]
extern "C" {
    #[wasm_bindgen(js_name = newPendingWork)]
    fn new_pending_work(lines: &Map, code: u16) -> JsValue;

    #[wasm_bindgen(js_name = trackEdit)]
    fn track_edit(pending: &JsValue, connection: u32);

    #[wasm_bindgen(js_name = editsDurable)]
    fn edits_durable(pending: &JsValue);

    #[wasm_bindgen(js_name = trackJob)]
    fn track_job(pending: &JsValue, promise: Promise, connections: Vec<u32>, timeout: Option<u32>) -> JsValue;

    #[wasm_bindgen(js_name = setNextAlarm)]
    fn set_next_alarm(pending: &JsValue, due: f64);

    #[wasm_bindgen(js_name = hasShim)]
    fn has_shim() -> bool;

    #[wasm_bindgen(js_name = instanceLost)]
    fn instance_lost(lines: &JsValue, connection: u32, text: &str, bytes: &[u8], note: &str);

    /// Notes that a room is being started, until [`end_start`]. A panic there loses the other rooms of the isolate too, so it may
    /// not be repeated at each event: false if the last start was lost less than `delay` milliseconds ago.
    #[wasm_bindgen(js_name = beginStart)]
    pub(super) fn begin_start(room: &str, delay: f64) -> bool;

    /// Notes that a room was started, or failed to start.
    #[wasm_bindgen(js_name = endStart)]
    pub(super) fn end_start(room: &str);
}

thread_local! {
    /// The sockets of the room whose code runs, by the numbers of their connections.
    static ACTIVE: RefCell<Option<Rc<Map>>> = const { RefCell::new(None) };
}

/// Makes a room the one whose code runs.
pub(super) fn activate(sockets: &Rc<Map>) {
    ACTIVE.set(Some(Rc::clone(sockets)));
}

/// Registers the handler of panics.
pub(super) fn handle_panics(room: &str) {
    if has_shim() {
        handler::set_on_abort(on_abort);
    } else {
        console_error!(
            "pluv: room `{room}`: a panic will not be handled, as this worker was not built by worker-build 0.8: build it \
             with the `worker-build` of the version of the crate `worker`"
        );
    }
}

/// The instance is lost: no more than one call out of it can be made.
///
/// It is not replaced here, as `worker`'s own handler would do: the new one would get the next call, which may be a callback
/// of the old instance, whose pointers mean nothing to it. The shim around the worker's classes replaces it before the next
/// event.
fn on_abort() {
    let (Some(current), sockets) = (take_current(), ACTIVE.take()) else {
        return instance_lost(&JsValue::UNDEFINED, 0, "", &[], "");
    };
    let (room, session) = (current.origin.room(), current.origin.id());
    let note = format!("pluv: room `{room}`, session `{session}`, `{}`: panicked", current.name());
    let (text, bytes) = match current.protocol {
        Protocol::Pluv => (error_frame(INTERNAL, current.request.as_deref(), &current.origin), Vec::new()),
        Protocol::Yjs => (String::new(), yjs::denied(INTERNAL)),
    };
    let lines = sockets.map_or(JsValue::UNDEFINED, |sockets| JsValue::from((*sockets).clone()));
    instance_lost(&lines, current.connection.0, &text, &bytes, &note);
}

/// The work of a room that is lost with the wasm instance.
#[derive(Debug)]
pub(super) struct PendingWork(JsValue);

impl PendingWork {
    pub(super) fn new(sockets: &Map) -> Self {
        Self(new_pending_work(sockets, RESTARTED))
    }

    /// An edit of this connection waits to be stored.
    pub(super) fn track_edit(&self, connection: ConnectionId) {
        track_edit(&self.0, connection.0);
    }

    /// No edit waits any more.
    pub(super) fn edits_durable(&self) {
        edits_durable(&self.0);
    }

    /// These connections wait for `promise`. The returned promise ends even if that is lost.
    pub(super) fn track(&self, promise: Promise, connections: &[ConnectionId]) -> JsValue {
        track_job(&self.0, promise, connections.iter().map(|connection| connection.0).collect(), None)
    }

    /// The next alarm is due at this time.
    pub(super) fn set_next_alarm(&self, due: Option<Millis>) {
        #[expect(clippy::cast_precision_loss, reason = "no time comes up to 2^52")]
        set_next_alarm(&self.0, due.map_or(f64::INFINITY, |due| due as f64));
    }

    /// The platform's alarm waits for `promise`, no longer than `timeout` milliseconds and not when the next one is due; or the
    /// worker waits for it. The returned promise is rejected if that is lost.
    pub(super) fn track_request(&self, promise: Promise, timeout: Option<u32>) -> JsValue {
        track_job(&self.0, promise, Vec::new(), timeout)
    }
}
