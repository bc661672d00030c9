//! A client of the protocol.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{get, socket::Socket};

/// A connection to a room.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    /// The session's id, from `$registered`.
    pub id: String,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame; 1006 where there was none.
    pub code: u16,
    /// The reason of the close frame.
    pub reason: String,
}

/// Connects to a WebSocket's URL, which begins with `http`, and reads nothing.
///
/// # Panics
/// When the upgrade is rejected, which a room never does.
pub async fn connect(url: &str) -> Client {
    connect_with(url, &[]).await
}

/// Connects with headers of its own.
///
/// # Panics
/// When the upgrade is rejected, which a room never does.
pub async fn connect_with(url: &str, headers: &[(&'static str, &str)]) -> Client {
    Client { socket: Socket::connect(url, headers).await, id: String::new() }
}

/// Connects where the room closes the connection: returns the message of the error and the close.
///
/// # Panics
/// When the connection is not closed.
pub async fn connect_rejected(url: &str) -> (String, Closed) {
    let mut client = connect(url).await;
    let error = client.receive().await;
    assert_eq!(error["type"], "$error", "the first frame has the reason: {error}");
    assert!(error["connectionId"].is_string(), "clients drop an error without a connection id: {error}");
    let closed = client.closed().await;
    (error["data"]["message"].as_str().unwrap_or_default().to_owned(), closed)
}

impl Client {
    /// Connects the user `id` to a room below `path`, with a token of the token endpoint, up to `$registered`.
    ///
    /// # Panics
    /// When the room closes the connection.
    pub async fn open(base: &str, path: &str, room: &str, id: &str) -> Self {
        let answer = get(base, &format!("{path}/authorize?room={room}&user_id={id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self::open_with(base, path, room, &answer.body).await
    }

    /// Connects with a token.
    ///
    /// # Panics
    /// When the room closes the connection.
    pub async fn open_with(base: &str, path: &str, room: &str, token: &str) -> Self {
        let mut client = connect(&format!("{base}{path}/room/{room}?token={token}")).await;
        client.register().await;
        client
    }

    /// Reads `$registered`.
    ///
    /// # Panics
    /// When another frame arrives.
    pub async fn register(&mut self) -> Value {
        let frame = self.receive().await;
        assert_eq!(frame["type"], "$registered", "the first frame is `$registered`: {frame}");
        self.id = frame["data"]["sessionId"].as_str().expect("a session has an id").to_owned();
        assert_eq!(frame["connectionId"], self.id.as_str());
        frame
    }

    /// Connects, and performs the handshake with a presence.
    pub async fn join(base: &str, path: &str, room: &str, id: &str, presence: &Value) -> Self {
        let mut client = Self::open(base, path, room, id).await;
        client.initialize(presence).await;
        client
    }

    /// Performs the handshake.
    pub async fn initialize(&mut self, presence: &Value) {
        self.send("$initializeSession", &json!({ "presence": presence, "update": null })).await;
        self.until("$storageReceived").await;
        loop {
            let joined = self.until("$userJoined").await;
            if joined["connectionId"] == self.id.as_str() {
                break;
            }
        }
    }

    /// Sends an event.
    pub async fn send(&mut self, name: &str, data: &Value) {
        self.send_text(&json!({ "type": name, "data": data }).to_string()).await;
    }

    /// Sends a text frame.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await;
    }

    /// Sends a binary frame.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).await;
    }

    /// Receives the next frame.
    ///
    /// # Panics
    /// When no frame arrives, or the connection closes.
    pub async fn receive(&mut self) -> Value {
        serde_json::from_str(&self.receive_text().await).expect("a frame is JSON")
    }

    /// Receives the text of the next frame.
    ///
    /// # Panics
    /// When no frame arrives, or the connection closes.
    pub async fn receive_text(&mut self) -> Utf8Bytes {
        match self.socket.receive().await {
            Message::Text(text) => text,
            other => panic!("a text frame is expected: {other:?}"),
        }
    }

    /// Receives up to a frame of this name, and returns it without those before it.
    pub async fn until(&mut self, name: &str) -> Value {
        loop {
            let frame = self.receive().await;
            if frame["type"] == name {
                return frame;
            }
        }
    }

    /// Receives up to a frame of this name without parsing any: for large frames whose time is measured.
    ///
    /// # Panics
    /// When an error arrives first.
    pub async fn until_text(&mut self, name: &str) -> Utf8Bytes {
        loop {
            let text = self.receive_text().await;
            if is_named(&text, name) {
                return text;
            }
            assert!(!is_named(&text, "$error"), "the room sent an error: {text}");
        }
    }

    /// The WebSocket of this client.
    pub fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Returns all frames that the room has sent up to now: they arrive before the answer to a ping that the platform does
    /// not answer for the room.
    pub async fn drain(&mut self) -> Vec<Value> {
        self.send_text(r#"{"type":"$ping", "data":{}}"#).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.receive().await;
            if frame["type"] == "$pong" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// Returns the names of all frames that the room has sent up to now.
    pub async fn drain_names(&mut self) -> Vec<String> {
        self.drain().await.iter().map(|frame| frame["type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Returns the only frame that the room has sent up to now.
    ///
    /// # Panics
    /// When it has another name, or is not the only one.
    pub async fn only(&mut self, name: &str) -> Value {
        let mut frames = self.drain().await;
        assert_eq!(frames.len(), 1, "one `{name}` is expected: {frames:?}");
        assert_eq!(frames[0]["type"], name, "{frames:?}");
        frames.remove(0)
    }

    /// Returns the message of the `$error` that is the only frame that the room has sent up to now.
    ///
    /// # Panics
    /// When there is no `$error`, or another frame.
    pub async fn error(&mut self) -> String {
        let frame = self.only("$error").await;
        assert_eq!(frame["connectionId"], self.id.as_str(), "the error names its sender: {frame}");
        assert_eq!(
            frame["data"].as_object().map(serde_json::Map::len),
            Some(1),
            "an error has a message only: {frame}"
        );
        frame["data"]["message"].as_str().expect("an error has a message").to_owned()
    }

    /// Asserts that the room has sent nothing up to now.
    ///
    /// # Panics
    /// When it has.
    pub async fn silent(&mut self) {
        assert_eq!(self.drain().await, Vec::<Value>::new());
    }

    /// Requests the other connections, by session.
    pub async fn others(&mut self) -> Value {
        self.send("$getOthers", &json!({})).await;
        self.until("$othersReceived").await["data"]["others"].clone()
    }

    /// Closes with a code, and waits for the answer.
    ///
    /// # Panics
    /// When the room does not answer.
    pub async fn leave(self, code: u16) -> Closed {
        self.leave_with(Some((code, "bye"))).await
    }

    /// Closes with a code and a reason, or with neither, and waits for the answer.
    ///
    /// # Panics
    /// When the room does not answer.
    pub async fn leave_with(mut self, last: Option<(u16, &str)>) -> Closed {
        let frame = last.map(|(code, reason)| CloseFrame { code: CloseCode::from(code), reason: reason.into() });
        self.socket.close(frame).await;
        self.closed().await
    }

    /// Drops the connection without a close frame.
    pub fn drop_connection(self) {
        drop(self.socket);
    }

    /// Waits for the end of the connection.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn closed(&mut self) -> Closed {
        loop {
            match self.socket.receive_any().await {
                Some(Message::Close(Some(frame))) => {
                    self.socket.answer_close().await;
                    return Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                }
                Some(Message::Close(None)) => return Closed { code: 1005, reason: String::new() },
                Some(_) => {}
                None => return Closed { code: 1006, reason: String::new() },
            }
        }
    }
}

/// Returns whether a frame has a name, without parsing it: a room's frames begin with it.
#[must_use]
pub fn is_named(frame: &str, name: &str) -> bool {
    let rest = frame.strip_prefix(r#"{"type":""#).and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with('"'))
}
