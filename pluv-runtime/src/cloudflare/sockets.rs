//! The sockets of an object, and the connections that they are to its room.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
};

use worker::{
    WebSocket,
    js_sys::{Function, JsString, Reflect, Uint8Array, WeakMap},
    wasm_bindgen::{JsCast, JsValue},
    worker_sys::ext::WebSocketExt,
};

use crate::room::{Connection, To};

/// The open sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    open: RefCell<BTreeMap<Connection, WebSocket>>,
    /// From a socket to its connection's number, or to `null` once it has closed: an event gives the socket alone, and
    /// to read the attachment each time would cost more than the rest of a message.
    numbers: WeakMap,
    /// `WebSocket.prototype.send`, to hand one JS string to many sockets.
    send: OnceCell<Function>,
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
        Self { open: RefCell::default(), numbers: WeakMap::new(), send: OnceCell::new() }
    }

    pub(super) fn insert(&self, connection: Connection, socket: WebSocket) {
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &JsValue::from(connection.0));
        self.open.borrow_mut().insert(connection, socket);
    }

    pub(super) fn find(&self, socket: &WebSocket) -> Known {
        let object: &JsValue = socket.as_ref().as_ref();
        let number = self.numbers.get(object.unchecked_ref());
        if number.is_undefined() {
            return Known::Unknown;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made from a `u32`")]
        number.as_f64().map_or(Known::Closed, |number| Known::Open(Connection(number as u32)))
    }

    /// Marks a socket as closed.
    pub(super) fn remove(&self, socket: &WebSocket) {
        if let Known::Open(connection) = self.find(socket) {
            self.open.borrow_mut().remove(&connection);
        }
        let object: &JsValue = socket.as_ref().as_ref();
        self.numbers.set(object.unchecked_ref(), &JsValue::NULL);
    }

    /// Sends a frame. It becomes a JS string once, however many get it. A socket that is closing gets nothing, and its
    /// close event follows.
    pub(super) fn send(&self, to: &To, frame: &str) {
        let frame = JsString::from(frame);
        let open = self.open.borrow();
        match to {
            To::One(connection) => self.send_one(open.get(connection), &frame),
            To::Many(connections) => {
                for connection in connections {
                    self.send_one(open.get(connection), &frame);
                }
            }
        }
    }

    fn send_one(&self, socket: Option<&WebSocket>, frame: &JsString) {
        let Some(socket) = socket else { return };
        let socket: &JsValue = socket.as_ref().as_ref();
        let send = self.send.get_or_init(|| {
            Reflect::get(socket, &"send".into()).map_or_else(|_| Function::default(), JsCast::unchecked_into)
        });
        let _ = send.call1(socket, frame);
    }

    /// Keeps `state` with a socket while the object sleeps.
    pub(super) fn attach(&self, connection: Connection, state: &[u8]) -> Result<(), JsValue> {
        match self.open.borrow().get(&connection) {
            Some(socket) => socket.as_ref().serialize_attachment(Uint8Array::from(state).into()),
            None => Ok(()),
        }
    }
}

/// What was kept with a socket.
pub(super) fn attachment(socket: &WebSocket) -> Vec<u8> {
    match socket.as_ref().deserialize_attachment() {
        Ok(state) => state.dyn_into::<Uint8Array>().map(|state| state.to_vec()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
