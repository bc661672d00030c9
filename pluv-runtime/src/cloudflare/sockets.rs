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
export function pluvFind(numbers, socket, message, limit) {
    const number = numbers.get(socket) ?? -1;
    return number >= 0 && (message?.length ?? message?.byteLength) > limit ? number + 2 ** 32 : number;
}

export function pluvLength(message) {
    return message.length ?? message.byteLength;
}

export function pluvBytes(message) {
    return new Uint8Array(message);
}

export function pluvSendBytes(lines, connections, frame, bound) {
    // The platform sends later, and wasm's memory is another frame's by then.
    return pluvSend(lines, connections, frame.slice(), bound);
}

export function pluvSend(lines, connections, frame, bound) {
    let isMuch = false;
    for (const connection of connections) {
        const line = lines.get(connection);
        if (line === undefined) continue;
        try {
            line.socket.send(frame);
        } catch {
            // It is closing, and its close event follows.
        }
        line.sent += frame.length;
        if (line.sent > bound) isMuch = true;
    }
    return isMuch;
}

export function pluvInsert(lines, connection, socket) {
    lines.set(connection, { socket, sent: 0 });
}

export function pluvSocket(lines, connection) {
    return lines.get(connection)?.socket;
}

export function pluvTakeMuch(lines, bound) {
    const much = [];
    for (const [connection, line] of lines) {
        if (line.sent > bound) {
            line.sent = 0;
            much.push(connection);
        }
    }
    return much;
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = pluvFind)]
    fn find(numbers: &WeakMap, socket: &JsValue, message: &JsValue, limit: f64) -> f64;

    #[wasm_bindgen(js_name = pluvLength)]
    fn length(message: &JsValue) -> f64;

    #[wasm_bindgen(js_name = pluvSend)]
    fn send(lines: &Map, connections: &[u32], frame: &str, bound: f64) -> bool;

    #[wasm_bindgen(js_name = pluvSendBytes)]
    fn send_bytes(lines: &Map, connections: &[u32], frame: &[u8], bound: f64) -> bool;

    #[wasm_bindgen(js_name = pluvInsert)]
    fn insert(lines: &Map, connection: u32, socket: &JsValue);

    #[wasm_bindgen(js_name = pluvSocket)]
    fn socket(lines: &Map, connection: u32) -> JsValue;

    #[wasm_bindgen(js_name = pluvTakeMuch)]
    fn take_much(lines: &Map, bound: f64) -> Vec<u32>;

    /// A binary frame, copied once.
    #[wasm_bindgen(js_name = pluvBytes)]
    pub(super) fn bytes(message: &JsValue) -> Vec<u8>;
}

/// In place of the number of a connection that has closed.
const CLOSED: i32 = -2;

/// Added to the number of a connection whose message is too long.
const OVERSIZED: i64 = 1 << 32;

/// How much is sent to a socket before it is asked whether its client reads, in units of text or bytes. The platform keeps
/// what a client does not read, without a bound: of 200 MB that were sent to one that did not, all was kept, also after its
/// socket was closed, until its TCP connection ended. There is no `bufferedAmount`. An object has 128 MB.
const MUCH: f64 = 67_108_864.0;

/// The open sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// By their connection's number, each with how much was sent to it.
    open: Map,
    /// From a socket to its connection's number, or to [`CLOSED`]: an event gives the socket alone, and to read the
    /// attachment each time would cost more than the rest of a message.
    numbers: WeakMap,
}

/// What a socket is to the room.
pub(super) enum Known {
    /// An open connection.
    Open(Connection),
    /// An open connection, whose message has more characters or bytes than a message may have.
    Oversized(Connection, u64),
    /// A connection that has been closed.
    Closed,
    /// None that this instance has seen.
    Unknown,
}

impl Sockets {
    pub(super) fn new() -> Self {
        Self { open: Map::new(), numbers: WeakMap::new() }
    }

    /// The open ones, by their connection's number.
    pub(super) fn open(&self) -> &Map {
        &self.open
    }

    pub(super) fn insert(&self, connection: Connection, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &JsValue::from(connection.0));
        insert(&self.open, connection.0, object);
    }

    /// What a socket is that an event names.
    pub(super) fn find(&self, socket: &WebSocket) -> Known {
        self.find_for(socket, &JsValue::UNDEFINED, 0)
    }

    /// What a socket is that a message came from, which may have so many bytes. Its length is looked at before it is
    /// copied: a text has as many bytes as characters, or more.
    pub(super) fn find_for(&self, socket: &WebSocket, message: &JsValue, limit: u64) -> Known {
        #[expect(clippy::cast_possible_truncation, reason = "it was made from an integer")]
        #[expect(clippy::cast_precision_loss, reason = "no limit is as large")]
        let number = find(&self.numbers, socket.as_ref().as_ref(), message, limit as f64) as i64;
        match (u32::try_from(number), u32::try_from(number - OVERSIZED)) {
            (Ok(number), _) => Known::Open(Connection(number)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is the length of something"
            )]
            (_, Ok(number)) => Known::Oversized(Connection(number), length(message) as u64),
            _ if number == i64::from(CLOSED) => Known::Closed,
            _ => Known::Unknown,
        }
    }

    /// A connection's socket.
    pub(super) fn socket(&self, connection: Connection) -> Option<web_sys::WebSocket> {
        let socket = socket(&self.open, connection.0);
        (!socket.is_undefined()).then(|| socket.unchecked_into())
    }

    /// Marks a socket as closed.
    pub(super) fn remove(&self, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        let number = self.numbers.get(object.unchecked_ref());
        self.open.delete(&number);
        self.numbers.set(object.unchecked_ref(), &CLOSED.into());
    }

    /// Sends a frame. It becomes a JS string once, however many get it. A socket that is closing gets nothing.
    ///
    /// Says to which connections much was sent since the last time that it said so.
    pub(super) fn send(&self, to: &To, frame: &str) -> Vec<Connection> {
        self.much(with_numbers(to, |numbers| send(&self.open, numbers, frame, MUCH)))
    }

    /// Sends a binary frame. It is copied out of wasm's memory once, however many get it.
    ///
    /// Says to which connections much was sent since the last time that it said so.
    pub(super) fn send_bytes(&self, to: &To, frame: &[u8]) -> Vec<Connection> {
        self.much(with_numbers(to, |numbers| send_bytes(&self.open, numbers, frame, MUCH)))
    }

    fn much(&self, is_much: bool) -> Vec<Connection> {
        if is_much { take_much(&self.open, MUCH).into_iter().map(Connection).collect() } else { Vec::new() }
    }

    /// Closes a connection, and forgets it.
    pub(super) fn close(&self, connection: Connection, code: u16, reason: &str) -> worker::Result<()> {
        let Some(socket) = self.socket(connection) else { return Ok(()) };
        // The platform lists it until its client answers, and the room may sleep before that: it must not come back.
        socket.serialize_attachment(JsValue::NULL)?;
        let socket = WebSocket::from(socket);
        self.remove(&socket);
        socket.close(Some(code), Some(reason))
    }

    /// Keeps `state` with a socket while the object sleeps.
    pub(super) fn attach(&self, connection: Connection, state: &[u8]) -> Result<(), JsValue> {
        match self.socket(connection) {
            Some(socket) => socket.serialize_attachment(Uint8Array::from(state).into()),
            None => Ok(()),
        }
    }
}

fn with_numbers<T>(to: &To, send: impl FnOnce(&[u32]) -> T) -> T {
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
