//! The clients of a test.

use std::{cell::RefCell, fmt, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json, value::RawValue};
use yrs::{Transact as _, Transaction, TransactionMut};

use super::{
    frame::Frame,
    peer_view::Peer,
    platform::SocketId,
    stock_client::{StockClient, message, update_storage},
    world::Inner,
};
use crate::{Handlers, Protocol, Room, Upgrade, auth::Access, document::has_changed, engine::CloseReason, protocol};

/// A client of a [`World`](super::World) that behaves like the stock one: it has a copy of the document and a list of the
/// others, and answers the protocol's messages.
///
/// A clone is the same client.
pub struct Client<R: Handlers> {
    world: Rc<RefCell<Inner<R>>>,
    number: usize,
}

/// Another connection, as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Other<U, P> {
    /// The connection's id.
    pub session: String,
    /// The user.
    pub user: U,
    /// The part of the user that everyone sees.
    pub presence: P,
}

/// The state of a client in its world.
#[derive(Debug)]
pub(super) struct ClientState {
    user: Option<Box<RawValue>>,
    access: Access,
    upgrade: Option<Upgrade>,
    shared: Option<Map<String, Value>>,
    stock: StockClient,
    pub(super) connection: Option<SocketId>,
    /// The frames that the test has not taken.
    frames: Vec<Frame>,
    /// The code and reason of the last close.
    closed: Option<(u16, String)>,
    requests: u64,
}

impl ClientState {
    pub(super) fn new(number: usize, user: Option<Box<RawValue>>, access: Access) -> Self {
        let stock = StockClient::new(number as u64);
        Self {
            user,
            access,
            upgrade: None,
            shared: None,
            stock,
            connection: None,
            frames: Vec::new(),
            closed: None,
            requests: 0,
        }
    }

    /// Receives a frame, and returns the answer.
    pub(super) fn receive(&mut self, frame: Frame) -> Option<String> {
        let answer = self.stock.read(&frame);
        if frame.name == protocol::SHARED {
            self.read_shared(&frame.data);
        }
        self.frames.push(frame);
        answer
    }

    /// Applies a change of the state that clients see. In a room without one it is an event like any other.
    fn read_shared(&mut self, data: &Value) {
        let Some(fields) = data["fields"].as_object() else { return };
        if data["whole"] == true {
            self.shared = None;
        }
        let shared = self.shared.get_or_insert_default();
        shared.extend(fields.clone());
        for name in data["removed"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            shared.remove(name);
        }
    }

    pub(super) fn disconnect(&mut self, code: u16, reason: &str) {
        self.connection = None;
        self.closed = Some((code, reason.to_owned()));
        self.stock.disconnect();
    }

    /// Takes the frames that match.
    fn take(&mut self, matches: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        self.frames.extract_if(.., |frame| matches(frame)).collect()
    }
}

impl<R: Room + Handlers<Room = R>> Client<R> {
    pub(super) fn new(world: Rc<RefCell<Inner<R>>>, number: usize) -> Self {
        Self { world, number }
    }

    fn state<T>(&self, with: impl FnOnce(&mut ClientState) -> T) -> T {
        with(&mut self.world.borrow_mut().clients[self.number])
    }

    /// Connects and joins with its copy of the document, for the first time or after its connection ended. If a limit of the
    /// room forbids it, [`closed`](Self::closed) has the reason.
    ///
    /// # Panics
    /// When it is connected already, or the room's types can't deserialize its user.
    pub fn join(&self) {
        let mut inner = self.world.borrow_mut();
        let Inner { host, clients } = &mut *inner;
        let state = &mut clients[self.number];
        assert!(state.connection.is_none(), "this client is connected already");
        match host.connect(Protocol::Pluv, state.user.clone(), state.access, state.upgrade.clone()) {
            Ok(connection) => (state.connection, state.closed) = (Some(connection), None),
            Err(CloseReason::InvalidUser(reason)) => panic!("the room can't deserialize the user: {reason}"),
            Err(reason) => {
                state.closed = Some((reason.code(Protocol::Pluv), reason.text().into_owned()));
                return;
            }
        }
        inner.settle();
    }

    /// Returns the state of the room that all clients see, as this client knows it; none before it has joined.
    ///
    /// # Panics
    /// When it is no `T`.
    #[must_use]
    pub fn shared<T: DeserializeOwned>(&self) -> Option<T> {
        let shared = self.world.borrow().clients[self.number].shared.clone();
        shared.map(|shared| serde_json::from_value(shared.into()).expect("the shared state has this type"))
    }

    /// Sets the request by which it connects from now on, which the hook `connect` sees.
    ///
    /// # Panics
    /// When the room's world is in use.
    pub fn set_upgrade(&self, upgrade: Upgrade) {
        self.world.borrow_mut().clients[self.number].upgrade = Some(upgrade);
    }

    /// Closes its connection.
    ///
    /// # Panics
    /// When it is not connected.
    pub fn leave(&self) {
        let mut inner = self.world.borrow_mut();
        let Inner { host, clients } = &mut *inner;
        let state = &mut clients[self.number];
        let connection = state.connection.expect("this client is not connected");
        state.disconnect(1000, "");
        host.close(connection);
        inner.settle();
    }

    /// Drops its connection without a close, as when the network fails. The room notices it by its idle detection, once
    /// [`advance`](super::World::advance) lets enough time pass.
    ///
    /// # Panics
    /// When it is not connected.
    pub fn drop_connection(&self) {
        self.state(|state| {
            assert!(state.connection.is_some(), "this client is not connected");
            state.disconnect(1006, "");
        });
    }

    /// Returns whether it is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state(|state| state.connection.is_some())
    }

    /// Returns the code and reason of its last close; none while it is connected.
    #[must_use]
    pub fn closed(&self) -> Option<(u16, String)> {
        self.state(|state| state.closed.clone())
    }

    /// Returns the id of its connection, which the others get as `connectionId`.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.state(|state| state.stock.peers.session.clone())
    }

    /// Sends an event. [`received`](Self::received) and [`errors`](Self::errors) have its results.
    ///
    /// # Panics
    /// When the data can't be serialized as JSON, or the client is not connected.
    #[track_caller]
    pub fn send(&self, event: &str, data: impl Serialize) {
        self.send_text(&message(event, &to_json(data)));
    }

    /// Calls a procedure, and returns its answer.
    ///
    /// # Errors
    /// The message of the `$error`, if the procedure fails.
    ///
    /// # Panics
    /// When there is no answer, as the procedure is pending.
    #[track_caller]
    pub fn call(&self, procedure: &str, data: impl Serialize) -> Result<Value, String> {
        let id = json!(self.state(|state| {
            state.requests += 1;
            state.requests
        }));
        self.send_text(&json!({ "type": procedure, "data": to_json(data), "id": id }).to_string());
        let mut frames = self.state(|state| state.take(|frame| frame.id.as_ref() == Some(&id)));
        let Some(frame) = frames.pop() else { panic!("`{procedure}` has not answered: it is an event, or pending") };
        match &*frame.name {
            protocol::ERROR => Err(error_message(&frame)),
            _ => Ok(frame.data),
        }
    }

    /// Sends a text frame with any content.
    ///
    /// # Panics
    /// When it is not connected.
    #[track_caller]
    pub fn send_text(&self, text: &str) {
        let connection = self.connection();
        let mut inner = self.world.borrow_mut();
        inner.host.text(connection, text);
        inner.settle();
    }

    /// Sends a binary frame, which is invalid in this protocol.
    ///
    /// # Panics
    /// When it is not connected.
    #[track_caller]
    pub fn send_binary(&self) {
        let connection = self.connection();
        let mut inner = self.world.borrow_mut();
        inner.host.binary(connection, &[0]);
        inner.settle();
    }

    #[track_caller]
    fn connection(&self) -> SocketId {
        self.state(|state| state.connection).expect("this client is not connected")
    }

    /// Takes the data of all events of this name that it has received.
    #[must_use]
    pub fn received(&self, event: &str) -> Vec<Value> {
        self.state(|state| state.take(|frame| frame.name == event)).into_iter().map(|frame| frame.data).collect()
    }

    /// Takes the messages of all `$error`s that it has received.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.state(|state| state.take(|frame| frame.name == protocol::ERROR)).iter().map(error_message).collect()
    }

    /// Takes all frames that it has received, also those of the protocol, but not those that another call has taken.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.state(|state| state.take(|_| true))
    }

    /// Returns the other connections, ordered by their ids, as the client knows them.
    ///
    /// # Panics
    /// When the room's types can't deserialize a user that it has sent.
    #[must_use]
    pub fn others(&self) -> Vec<Other<R::User, R::Presence>> {
        let others = self.state(|state| state.stock.peers.others.clone());
        let other = |(session, peer): (String, Peer)| {
            let user = serde_json::from_value(peer.user).expect("a user is read back");
            // The user has not set a presence.
            let presence = if peer.presence.is_null() { json!({}) } else { peer.presence };
            let presence = serde_json::from_value(presence).unwrap_or_default();
            Other { session, user, presence }
        };
        others.into_iter().map(other).collect()
    }

    /// Changes fields of its presence. Before it joins, they are its initial presence.
    ///
    /// # Panics
    /// When they are not serialized as a JSON object.
    #[track_caller]
    pub fn update_presence(&self, fields: impl Serialize) {
        let Value::Object(fields) = to_json(fields) else { panic!("a presence is a JSON object") };
        let is_joined = self.state(|state| {
            state.stock.presence.extend(fields.clone());
            state.stock.peers.has_joined
        });
        if is_joined {
            self.send(protocol::UPDATE_PRESENCE, json!({ "presence": fields }));
        }
    }

    /// Edits its copy of the document in one transaction, which is sent to the room at once or, if the client is offline, when
    /// it joins.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut TransactionMut<'_>) -> T) -> T {
        // The world is not borrowed while the test's function runs.
        let doc = self.state(|state| state.stock.document.doc.clone());
        let mut transaction = doc.transact_mut();
        let result = edit(&mut transaction);
        let update = has_changed(&transaction).then(|| transaction.encode_update_v1());
        drop(transaction);
        if let Some(update) = update.filter(|_| self.state(|state| state.stock.has_document)) {
            self.send_text(&update_storage(None, &update));
        }
        result
    }

    /// Reads its copy of the document.
    pub fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> T) -> T {
        let doc = self.state(|state| state.stock.document.doc.clone());
        read(&doc.transact())
    }
}

fn to_json(data: impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_else(|error| panic!("the data can't be serialized as JSON: {error}"))
}

fn error_message(frame: &Frame) -> String {
    frame.data["message"].as_str().unwrap_or_default().to_owned()
}

impl<R: Handlers> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { world: Rc::clone(&self.world), number: self.number }
    }
}

impl<R: Handlers> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("number", &self.number).finish_non_exhaustive()
    }
}
