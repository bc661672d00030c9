//! What becomes of rooms when their wasm instance is lost: by a panic, or by memory that ran out.
//!
//! All rooms of an isolate share one instance. Sockets stay open, and at the next event each room is made anew from what
//! is attached and stored. What the old instance alone knew is lost: handlers that wait, and edits that wait to be stored.
//! So the client that caused the panic is told, and those who wait for something that is lost are closed with a code that
//! clients retry: who comes back asks again, and brings its whole document.

use std::{cell::RefCell, rc::Rc};

use worker::{
    js_sys::{Map, Promise},
    wasm_bindgen::{self, JsValue, handler, prelude::wasm_bindgen},
};

use super::sockets::Sockets;
use crate::{
    error::INTERNAL,
    protocol::{RESTARTED, yjs},
    room::{Connection, Protocol, error_frame, lost},
};

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, inline_js = r#"
const indebted = new Set();
const making = new Map();

class Debts {
    edits = new Set();
    jobs = new Set();
    lose = null;

    constructor(lines, code) {
        this.lines = lines;
        this.code = code;
    }

    owe() {
        if (this.lose === null) {
            // The promise is of the room's own context: no other may touch its sockets.
            new Promise((lose) => { this.lose = lose; }).then(() => this.lost());
        }
        indebted.add(this);
    }

    settle() {
        if (this.edits.size === 0 && this.jobs.size === 0) {
            indebted.delete(this);
        }
    }

    lost() {
        const waiting = new Set(this.edits);
        for (const job of this.jobs) {
            job.connections.forEach((connection) => waiting.add(connection));
            job.lost();
        }
        for (const connection of waiting) {
            try {
                this.lines.get(connection)?.socket.close(this.code, "the room restarted");
            } catch {
                // It is closing already.
            }
        }
    }
}

export function pluvDebts(lines, code) {
    return new Debts(lines, code);
}

export function pluvOweEdit(debts, connection) {
    debts.edits.add(connection);
    debts.owe();
}

export function pluvEditsStored(debts) {
    debts.edits.clear();
    debts.settle();
}

export function pluvOweJob(debts, promise, connections, patience) {
    return new Promise((resolve, reject) => {
        const timer = patience === undefined ? undefined : setTimeout(resolve, patience);
        const end = (settle) => (value) => {
            clearTimeout(timer);
            debts.jobs.delete(job);
            debts.settle();
            settle(value);
        };
        const lost = () => connections.length > 0 ? resolve() : reject(new Error("the room restarted"));
        const job = { connections, lost };
        debts.jobs.add(job);
        debts.owe();
        promise.then(end(resolve), end(reject));
    });
}

export function pluvIsWatched() {
    return globalThis.__worker_init_state !== undefined;
}

export function pluvLost(lines, connection, text, bytes, note) {
    globalThis.__worker_init_state.criticalError = true;
    const rooms = [...indebted];
    indebted.clear();
    rooms.forEach((debts) => debts.lose());
    if (note !== "") {
        console.error(note);
    }
    try {
        lines?.get(connection)?.socket.send(bytes.length > 0 ? bytes.slice() : text);
    } catch {
        // It is closing.
    }
}

export function pluvMake(room, patience) {
    const since = making.get(room);
    const now = Date.now();
    if (since !== undefined && now - since < patience) {
        return false;
    }
    making.set(room, now);
    return true;
}

export function pluvMade(room) {
    making.delete(room);
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = pluvDebts)]
    fn debts(lines: &Map, code: u16) -> JsValue;

    #[wasm_bindgen(js_name = pluvOweEdit)]
    fn owe_edit(debts: &JsValue, connection: u32);

    #[wasm_bindgen(js_name = pluvEditsStored)]
    fn edits_stored(debts: &JsValue);

    #[wasm_bindgen(js_name = pluvOweJob)]
    fn owe_job(debts: &JsValue, promise: Promise, connections: Vec<u32>, patience: Option<u32>) -> JsValue;

    #[wasm_bindgen(js_name = pluvIsWatched)]
    fn is_watched() -> bool;

    #[wasm_bindgen(js_name = pluvLost)]
    fn rooms_are_lost(lines: &JsValue, connection: u32, text: &str, bytes: &[u8], note: &str);

    #[wasm_bindgen(js_name = pluvMake)]
    fn make(room: &str, patience: f64) -> bool;

    #[wasm_bindgen(js_name = pluvMade)]
    fn made(room: &str);
}

thread_local! {
    /// The sockets of the room that has its turn.
    static TURN: RefCell<Option<Rc<Sockets>>> = const { RefCell::new(None) };
}

/// A room has its turn.
pub(super) fn turn(sockets: &Rc<Sockets>) {
    TURN.set(Some(Rc::clone(sockets)));
}

/// Sees to it that the loss of this instance is noticed.
pub(super) fn watch() {
    if is_watched() {
        handler::set_on_abort(on_abort);
    }
}

/// The instance is lost: no more than one call out of it can be made.
///
/// It is not made anew here, as `worker`'s own handler would have it: that would be for whoever comes first, which may be
/// a callback of the old instance, whose pointers mean nothing to the new one. The shim around the worker's classes makes
/// it anew for the next event.
fn on_abort() {
    let (Some(running), sockets) = (lost(), TURN.take()) else {
        return rooms_are_lost(&JsValue::UNDEFINED, 0, "", &[], "");
    };
    let (room, session) = (running.origin.room(), running.origin.id());
    let note = format!("pluv: room `{room}`, session `{session}`, `{}`: panicked", running.name);
    let (text, bytes) = match running.protocol {
        Protocol::Pluv => (error_frame(INTERNAL, running.request.as_deref(), &running.origin), Vec::new()),
        Protocol::Yjs => (String::new(), yjs::denied(INTERNAL)),
    };
    let lines = sockets.map_or(JsValue::UNDEFINED, |sockets| JsValue::from(sockets.open().clone()));
    rooms_are_lost(&lines, running.connection.0, &text, &bytes, &note);
}

/// Who would wait for ever, were the instance lost.
#[derive(Debug)]
pub(super) struct Debts(JsValue);

impl Debts {
    pub(super) fn new(sockets: &Sockets) -> Self {
        Self(debts(sockets.open(), RESTARTED))
    }

    /// An edit of this connection waits to be stored.
    pub(super) fn owe_edit(&self, connection: Connection) {
        owe_edit(&self.0, connection.0);
    }

    /// None waits any more.
    pub(super) fn edits_stored(&self) {
        edits_stored(&self.0);
    }

    /// These connections wait for `promise`. The promise that it becomes ends even if that is lost.
    pub(super) fn owe_job(&self, promise: Promise, connections: &[Connection]) -> JsValue {
        owe_job(&self.0, promise, connections.iter().map(|connection| connection.0).collect(), None)
    }

    /// The platform or the worker waits for `promise`, no longer than `patience` milliseconds. The promise that it becomes
    /// is rejected if that is lost.
    pub(super) fn owe(&self, promise: Promise, patience: Option<u32>) -> JsValue {
        owe_job(&self.0, promise, Vec::new(), patience)
    }
}

/// A room is being made. A panic meanwhile loses the other rooms of the isolate too, so that it may not be tried at each
/// event: `None` if the last try was lost, less than `patience` milliseconds ago.
pub(super) fn begin(room: &str, patience: f64) -> Option<Making<'_>> {
    make(room, patience).then_some(Making(room))
}

/// A room that is being made.
#[must_use]
pub(super) struct Making<'a>(&'a str);

impl Making<'_> {
    /// It was made, or failed in an orderly way.
    pub(super) fn end(self) {
        made(self.0);
    }
}
