//! A client of the Yjs protocol, which encodes and decodes frames by yrs.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message as Frame;
use yrs::{
    ClientID, Doc, GetString as _, ReadTxn as _, StateVector, Text as _, Transact as _, Update,
    sync::{
        Message, SyncMessage,
        awareness::{AwarenessUpdate, AwarenessUpdateEntry},
    },
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use crate::{Closed, fixture, get, socket::Socket};

/// The path of the rooms with a document.
pub const NOTES: &str = "/notes";

/// A document that is synchronized with a room.
#[derive(Debug)]
pub struct Provider {
    socket: Option<Socket>,
    path: &'static str,
    room: String,
    user: String,
    /// The document.
    pub doc: Doc,
    /// The awareness states of connected clients.
    pub clients: BTreeMap<u64, Value>,
    /// The reasons of the rejections received.
    pub denials: Vec<String>,
    /// The updates received on this connection.
    pub updates: Vec<Vec<u8>>,
    /// The number of sync steps 2 received.
    answers: usize,
    clock: u32,
}

impl Provider {
    /// Connects the user `user` to a room, and synchronizes.
    pub async fn join(room: &str, user: &str) -> Self {
        Self::join_at(NOTES, room, user).await
    }

    /// Connects the user `user` to a room below `path`, and synchronizes.
    pub async fn join_at(path: &'static str, room: &str, user: &str) -> Self {
        let mut provider = Self::new(path, room, user);
        provider.connect().await;
        provider
    }

    /// Connects to a URL that needs no token, and waits until the document is synchronized.
    pub async fn connect_to(url: &str) -> Self {
        let mut provider = Self::new("", "", "");
        provider.socket = Some(Socket::connect(url, &[]).await);
        provider.settle().await;
        provider
    }

    /// A document that is not connected.
    fn new(path: &'static str, room: &str, user: &str) -> Self {
        Self {
            socket: None,
            path,
            room: room.to_owned(),
            user: user.to_owned(),
            doc: Doc::new(),
            clients: BTreeMap::new(),
            denials: Vec::new(),
            updates: Vec::new(),
            answers: 0,
            clock: 0,
        }
    }

    /// Connects with a token that may be invalid, and sends nothing.
    pub async fn open(room: &str, token: &str) -> Self {
        Self::open_at(NOTES, room, token).await
    }

    /// Connects to a room below `path` with a token that may be invalid, and sends nothing.
    pub async fn open_at(path: &'static str, room: &str, token: &str) -> Self {
        let mut provider = Self::new(path, room, "");
        provider.upgrade(token, &[]).await;
        provider
    }

    /// Connects with a token that may be invalid and with headers, and sends nothing.
    pub async fn open_with(room: &str, token: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut provider = Self::new(NOTES, room, "");
        provider.upgrade(token, headers).await;
        provider
    }

    async fn upgrade(&mut self, token: &str, headers: &[(&'static str, &str)]) {
        let Self { path, room, .. } = self;
        self.socket = Some(Socket::connect(&format!("{}{path}/yjs/{room}?token={token}", fixture()), headers).await);
    }

    /// Connects with a new token, and waits until the document is synchronized.
    ///
    /// # Panics
    /// When the room closes the connection.
    pub async fn connect(&mut self) {
        let Self { path, room, user, .. } = &*self;
        let answer = get(&fixture(), &format!("{path}/authorize?room={room}&user_id={user}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.upgrade(&answer.body, &[]).await;
        self.clients.clear();
        self.updates.clear();
        self.settle().await;
    }

    /// Waits until everything that the room has sent up to now is received.
    pub async fn settle(&mut self) {
        let vector = self.doc.transact().state_vector();
        let answers = self.answers;
        self.send(&Message::Sync(SyncMessage::SyncStep1(vector))).await;
        while self.answers == answers {
            self.receive().await;
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Message) {
        self.send_bytes(message.encode_v1()).await;
    }

    /// Sends a binary frame.
    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.send_frame(Frame::binary(bytes)).await;
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Frame::text(text)).await;
    }

    async fn send_frame(&mut self, frame: Frame) {
        self.socket().send(frame).await;
    }

    /// The WebSocket of this provider.
    ///
    /// # Panics
    /// When it is not connected.
    pub fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("it is connected")
    }

    /// Receives one message, applies it, and answers it.
    ///
    /// # Panics
    /// When no message arrives, or it is invalid.
    pub async fn receive(&mut self) -> Message {
        let message = match self.socket().receive().await {
            Frame::Binary(bytes) => Message::decode_v1(&bytes).expect("yrs reads what a room sends"),
            other => panic!("a provider is sent binary frames alone: {other:?}"),
        };
        match &message {
            Message::Sync(SyncMessage::SyncStep1(vector)) => {
                let update = self.doc.transact().encode_state_as_update_v1(vector);
                self.send(&Message::Sync(SyncMessage::SyncStep2(update))).await;
            }
            Message::Sync(SyncMessage::SyncStep2(update) | SyncMessage::Update(update)) => {
                self.answers += usize::from(matches!(message, Message::Sync(SyncMessage::SyncStep2(_))));
                self.updates.push(update.clone());
                let update = Update::decode_v1(update).expect("it is an update");
                self.doc.transact_mut().apply_update(update).expect("it can be applied");
            }
            Message::Awareness(update) => self.apply_awareness(update),
            Message::Auth(reason) => self.denials.extend(reason.clone()),
            Message::AwarenessQuery | Message::Custom(..) => {}
        }
        message
    }

    fn apply_awareness(&mut self, update: &AwarenessUpdate) {
        for (client, entry) in &update.clients {
            match serde_json::from_str(&entry.json).expect("a state is JSON") {
                Value::Null => drop(self.clients.remove(&client.get())),
                state => drop(self.clients.insert(client.get(), state)),
            }
        }
    }

    /// Receives until a condition holds.
    pub async fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            self.receive().await;
        }
    }

    /// Inserts into the text, and sends the update.
    pub async fn write(&mut self, at: u32, text: &str) {
        let update = write(&self.doc, at, text);
        self.send(&Message::Sync(SyncMessage::Update(update))).await;
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        let doc = self.doc.transact();
        doc.get_text("text").map(|text| text.get_string(&doc)).unwrap_or_default()
    }

    /// Receives until the text is this.
    pub async fn reads(&mut self, text: &str) {
        self.until(|provider| provider.text() == text).await;
    }

    /// Returns the whole document as an update.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// The Yjs client id.
    #[must_use]
    pub fn client(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// Sends the client's own awareness state.
    pub async fn send_awareness(&mut self, state: &Value) {
        self.clock += 1;
        self.send(&awareness(self.client(), self.clock, &state.to_string())).await;
    }

    /// Drops the connection without a close frame. The document stays.
    pub fn drop_connection(&mut self) {
        self.socket = None;
    }

    /// Receives up to the end of the connection.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn closed(&mut self) -> Closed {
        loop {
            match self.socket().receive_any().await {
                Some(Frame::Close(Some(frame))) => {
                    return Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                }
                Some(Frame::Binary(_)) => {}
                other => panic!("a room gives the reason before it closes a connection: {other:?}"),
            }
        }
    }
}

/// Inserts into a document's text, and returns the update.
#[must_use]
pub fn write(doc: &Doc, at: u32, text: &str) -> Vec<u8> {
    let field = doc.get_or_insert_text("text");
    let mut edit = doc.transact_mut();
    field.insert(&mut edit, at, text);
    edit.encode_update_v1()
}

/// Returns the message with a client's awareness state.
#[must_use]
pub fn awareness(client: u64, clock: u32, state: &str) -> Message {
    let entry = AwarenessUpdateEntry { clock, json: state.into() };
    Message::Awareness(AwarenessUpdate { clients: [(ClientID::new(client), entry)].into() })
}
