//! The sockets of an object, and the connections that they are to its room.

use worker::{
    WebSocket,
    js_sys::{Map, Uint8Array, WeakMap},
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
    worker_sys::{ext::WebSocketExt, web_sys},
};

use crate::room::{Connection, To};

// What each message needs is JavaScript where that saves calls out of wasm: one of them costs more than to send a frame.
#[wasm_bindgen(wasm_bindgen = wasm_bindgen, inline_js = r#"
export function pluvFind(numbers, socket) {
    return numbers.get(socket) ?? -1;
}

export function pluvBytes(message) {
    return new Uint8Array(message);
}

export function pluvSendBytes(sockets, connections, frame) {
    // The platform sends later, and wasm's memory is another frame's by then.
    pluvSend(sockets, connections, frame.slice());
}

export function pluvSend(sockets, connections, frame) {
    for (const connection of connections) {
        try {
            sockets.get(connection)?.send(frame);
        } catch {
            // It is closing, and its close event follows.
        }
    }
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = pluvFind)]
    fn find(numbers: &WeakMap, socket: &JsValue) -> f64;

    #[wasm_bindgen(js_name = pluvSend)]
    fn send(sockets: &Map, connections: &[u32], frame: &str);

    #[wasm_bindgen(js_name = pluvSendBytes)]
    fn send_bytes(sockets: &Map, connections: &[u32], frame: &[u8]);

    /// A binary frame, copied once.
    #[wasm_bindgen(js_name = pluvBytes)]
    pub(super) fn bytes(message: &JsValue) -> Vec<u8>;
}

/// In place of the number of a connection that has closed.
const CLOSED: i32 = -2;

/// The open sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// By their connection's number.
    open: Map,
    /// From a socket to its connection's number, or to [`CLOSED`]: an event gives the socket alone, and to read the
    /// attachment each time would cost more than the rest of a message.
    numbers: WeakMap,
}

/// What a socket is to the room.
pub(super) enum Known {
    /// An open connection.
    Open(Connection),
    /// A connection that has been closed.
    Closed,
    /// None that this instance has seen.
    Unknown,
}

impl Sockets {
    pub(super) fn new() -> Self {
        Self { open: Map::new(), numbers: WeakMap::new() }
    }

    pub(super) fn insert(&self, connection: Connection, socket: &WebSocket) {
        let number = JsValue::from(connection.0);
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &number);
        self.open.set(&number, object);
    }

    pub(super) fn find(&self, socket: &WebSocket) -> Known {
        #[expect(clippy::cast_possible_truncation, reason = "it was made from an integer")]
        let number = find(&self.numbers, socket.as_ref().as_ref()) as i64;
        match u32::try_from(number) {
            Ok(number) => Known::Open(Connection(number)),
            Err(_) if number == i64::from(CLOSED) => Known::Closed,
            Err(_) => Known::Unknown,
        }
    }

    /// Marks a socket as closed.
    pub(super) fn remove(&self, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        let number = self.numbers.get(object.unchecked_ref());
        self.open.delete(&number);
        self.numbers.set(object.unchecked_ref(), &CLOSED.into());
    }

    /// Sends a frame. It becomes a JS string once, however many get it. A socket that is closing gets nothing.
    pub(super) fn send(&self, to: &To, frame: &str) {
        with_numbers(to, |numbers| send(&self.open, numbers, frame));
    }

    /// Sends a binary frame. It is copied out of wasm's memory once, however many get it.
    pub(super) fn send_bytes(&self, to: &To, frame: &[u8]) {
        with_numbers(to, |numbers| send_bytes(&self.open, numbers, frame));
    }

    /// Closes a connection, and forgets it.
    pub(super) fn close(&self, connection: Connection, code: u16, reason: &str) -> worker::Result<()> {
        let socket = self.open.get(&JsValue::from(connection.0));
        if socket.is_undefined() {
            return Ok(());
        }
        let socket: web_sys::WebSocket = socket.unchecked_into();
        // The platform lists it until its client answers, and the room may sleep before that: it must not come back.
        socket.serialize_attachment(JsValue::NULL)?;
        let socket = WebSocket::from(socket);
        self.remove(&socket);
        socket.close(Some(code), Some(reason))
    }

    /// Keeps `state` with a socket while the object sleeps.
    pub(super) fn attach(&self, connection: Connection, state: &[u8]) -> Result<(), JsValue> {
        let socket = self.open.get(&JsValue::from(connection.0));
        if socket.is_undefined() {
            return Ok(());
        }
        let socket: &web_sys::WebSocket = socket.unchecked_ref();
        socket.serialize_attachment(Uint8Array::from(state).into())
    }
}

fn with_numbers(to: &To, send: impl FnOnce(&[u32])) {
    match to {
        To::One(connection) => send(&[connection.0]),
        To::Many(connections) => send(&connections.iter().map(|connection| connection.0).collect::<Vec<_>>()),
    }
}

/// What was kept with a socket.
pub(super) fn attachment(socket: &WebSocket) -> Vec<u8> {
    match socket.as_ref().deserialize_attachment() {
        Ok(state) => state.dyn_into::<Uint8Array>().map(|state| state.to_vec()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
