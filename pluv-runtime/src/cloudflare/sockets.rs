//! The sockets of an object, by the numbers of their connections.

use worker::{
    WebSocket,
    js_sys::{Map, Uint8Array, WeakMap},
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
    worker_sys::{ext::WebSocketExt, web_sys},
};

use crate::engine::{Audience, ConnectionId, Frame};

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/host.js", js_namespace = host)]
extern "C" {
    #[wasm_bindgen(js_name = findConnection)]
    fn find_connection(numbers: &WeakMap, socket: &JsValue, message: &JsValue, limit: f64) -> f64;

    #[wasm_bindgen(js_name = messageLength)]
    fn message_length(message: &JsValue) -> f64;

    #[wasm_bindgen(js_name = sendText)]
    fn send_text(lines: &Map, connections: &[u32], frame: &str, bound: f64) -> bool;

    #[wasm_bindgen(js_name = sendBinary)]
    fn send_binary(lines: &Map, connections: &[u32], frame: &[u8], bound: f64) -> bool;

    #[wasm_bindgen(js_name = insertSocket)]
    fn insert_socket(lines: &Map, connection: u32, socket: &JsValue);

    #[wasm_bindgen(js_name = getSocket)]
    fn get_socket(lines: &Map, connection: u32) -> JsValue;

    #[wasm_bindgen(js_name = takeSentMuch)]
    fn take_sent_much(lines: &Map, bound: f64) -> Vec<u32>;

    /// A binary frame, copied once.
    #[wasm_bindgen(js_name = messageBytes)]
    pub(super) fn message_bytes(message: &JsValue) -> Vec<u8>;
}

/// In place of the number of a connection that has closed.
const CLOSED: i32 = -2;

/// Added to the number of a connection whose message exceeds the limit.
const OVERSIZED: i64 = 1 << 32;

/// Units of text or bytes that are sent to a socket before the room checks whether its client reads. The platform keeps what
/// a client does not read, without a bound: of 200 MB that were sent to one that did not, all was kept, also after its socket
/// was closed, until its TCP connection ended. There is no `bufferedAmount`. An object has 128 MB.
const SENT_MUCH: f64 = 67_108_864.0;

/// The open sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// From a connection's number to its socket, and how much was sent to it.
    lines: Map,
    /// From a socket to its connection's number, or to [`CLOSED`]: an event gives the socket alone, and to read the
    /// attachment each time would cost more than the rest of a message.
    numbers: WeakMap,
}

/// The connection of a socket.
pub(super) enum SocketState {
    Open(ConnectionId),
    /// The message has more characters or bytes than the limit: so many.
    Oversized(ConnectionId, u64),
    Closed,
    /// This instance has not seen the socket.
    Unknown,
}

impl Sockets {
    pub(super) fn new() -> Self {
        Self { lines: Map::new(), numbers: WeakMap::new() }
    }

    /// The map that [`insert`](Self::insert) fills.
    pub(super) fn lines(&self) -> &Map {
        &self.lines
    }

    pub(super) fn insert(&self, connection: ConnectionId, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &JsValue::from(connection.0));
        insert_socket(&self.lines, connection.0, object);
    }

    /// The connection of a socket.
    pub(super) fn find(&self, socket: &WebSocket) -> SocketState {
        self.find_for(socket, &JsValue::UNDEFINED, 0)
    }

    /// The connection of a socket that a message arrived on. The message's length is compared with the limit before it is
    /// copied: a text has as many bytes as characters, or more.
    pub(super) fn find_for(&self, socket: &WebSocket, message: &JsValue, limit: u64) -> SocketState {
        #[expect(clippy::cast_possible_truncation, reason = "it was made from an integer")]
        #[expect(clippy::cast_precision_loss, reason = "no limit is as large")]
        let number = find_connection(&self.numbers, socket.as_ref().as_ref(), message, limit as f64) as i64;
        match (u32::try_from(number), u32::try_from(number - OVERSIZED)) {
            (Ok(number), _) => SocketState::Open(ConnectionId(number)),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a length")]
            (_, Ok(number)) => SocketState::Oversized(ConnectionId(number), message_length(message) as u64),
            _ if number == i64::from(CLOSED) => SocketState::Closed,
            _ => SocketState::Unknown,
        }
    }

    /// The socket of a connection.
    pub(super) fn get(&self, connection: ConnectionId) -> Option<web_sys::WebSocket> {
        let socket = get_socket(&self.lines, connection.0);
        (!socket.is_undefined()).then(|| socket.unchecked_into())
    }

    /// Marks a socket as closed.
    pub(super) fn remove(&self, socket: &WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        let number = self.numbers.get(object.unchecked_ref());
        self.lines.delete(&number);
        self.numbers.set(object.unchecked_ref(), &CLOSED.into());
    }

    /// Sends a frame. It leaves wasm once, however many get it. A socket that is closing gets nothing.
    ///
    /// Returns the connections to which much was sent since the last time that they were returned.
    pub(super) fn send(&self, to: &Audience, frame: &Frame) -> Vec<ConnectionId> {
        let many;
        let to = match to {
            Audience::One(connection) => &[connection.0][..],
            Audience::Many(connections) => {
                many = connections.iter().map(|connection| connection.0).collect::<Vec<_>>();
                &many
            }
        };
        let is_much = match frame {
            Frame::Text(frame) => send_text(&self.lines, to, frame, SENT_MUCH),
            Frame::Binary(frame) => send_binary(&self.lines, to, frame, SENT_MUCH),
        };
        match is_much {
            true => take_sent_much(&self.lines, SENT_MUCH).into_iter().map(ConnectionId).collect(),
            false => Vec::new(),
        }
    }

    /// Closes a connection, and forgets it.
    pub(super) fn close(&self, connection: ConnectionId, code: u16, reason: &str) -> worker::Result<()> {
        let Some(socket) = self.get(connection) else { return Ok(()) };
        // The platform lists it until its client answers, and the room may hibernate before that: it must not be restored.
        socket.serialize_attachment(JsValue::NULL)?;
        let socket = WebSocket::from(socket);
        self.remove(&socket);
        socket.close(Some(code), Some(reason))
    }

    /// Keeps `state` with a socket while the object hibernates.
    pub(super) fn attach(&self, connection: ConnectionId, state: &[u8]) -> Result<(), JsValue> {
        match self.get(connection) {
            Some(socket) => socket.serialize_attachment(Uint8Array::from(state).into()),
            None => Ok(()),
        }
    }
}

/// The state that was kept with a socket.
pub(super) fn attachment(socket: &WebSocket) -> Vec<u8> {
    match socket.as_ref().deserialize_attachment() {
        Ok(state) => state.dyn_into::<Uint8Array>().map(|state| state.to_vec()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
