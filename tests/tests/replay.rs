//! Replays the client side of recorded sessions against a room, and checks the answers against the protocol.
//!
//! The recorded server's answers are one server's behaviour, so they are not compared: the clients' frames are replayed, and
//! a model of the room determines the expected answers.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tests::{Client, chat, fresh};
use yrs::{Doc, ReadTxn as _, Snapshot, Transact as _, Update, updates::decoder::Decode as _};

/// A joined connection, as shown to the others.
#[derive(Clone, Debug)]
struct Shown {
    user: String,
    presence: Value,
}

/// The expected state of the room, and its clients.
#[derive(Default)]
struct Replay {
    room: String,
    clients: BTreeMap<String, Client>,
    /// The user of each client, by the name of its connection.
    users: BTreeMap<String, String>,
    /// The joined connections, by session.
    shown: BTreeMap<String, Shown>,
    /// How many messages the room has stored.
    messages: u32,
    document: Doc,
    /// Each client's copy of the document, by the name of its connection.
    copies: BTreeMap<String, Doc>,
    /// The clients that have answered with their document, and so are ready for changes of others.
    ready: BTreeSet<String>,
}

async fn replay(recording: &str) {
    let lines: Vec<Value> =
        recording.lines().map(|line| serde_json::from_str(line).expect("a recording is JSON lines")).collect();
    let mut replay = Replay { room: fresh("replay"), ..Replay::default() };
    // The recorded sessions, by connection: of a close only the frame that announces it to the others was recorded.
    let mut recorded = BTreeMap::new();
    let mut frames = 0;
    for (index, line) in lines.iter().enumerate() {
        let Some(connection) = line["conn"].as_str() else { continue };
        let frame = &line["frame"];
        match (line["event"].as_str(), line["dir"].as_str(), frame["type"].as_str()) {
            (Some("open"), _, _) => {
                let registered = registered(&lines[index..], connection);
                let user = registered["user"]["id"].as_str().expect("a user has an id");
                recorded.insert(registered["connectionId"].to_string(), connection);
                replay.open(connection, user).await;
            }
            (_, Some("c2s"), _) => {
                replay.send(connection, frame).await;
                frames += 1;
            }
            (_, Some("s2c"), Some("$exit")) => {
                if let Some(connection) = recorded.remove(&frame["connectionId"].to_string()) {
                    replay.close(connection).await;
                }
            }
            _ => {}
        }
    }
    assert!(frames > 0, "a recording has frames of clients");
    replay.check_newcomer().await;
}

/// Returns the first frame that a connection was sent.
fn registered<'a>(lines: &'a [Value], connection: &str) -> &'a Value {
    let line = lines
        .iter()
        .find(|line| line["conn"] == connection && line["dir"] == "s2c" && line["frame"]["type"] == "$registered")
        .expect("a connection is registered");
    &line["frame"]
}

fn user(id: &str) -> Value {
    json!({ "id": id, "name": id })
}

/// Applies an update of a frame, and returns whether it had changes that were new.
fn apply(document: &Doc, update: &Value) -> bool {
    let bytes = STANDARD.decode(update.as_str().expect("an update is text")).expect("an update is base64");
    let before = known(document);
    let update = Update::decode_v1(&bytes).expect("an update can be read");
    document.transact_mut().apply_update(update).expect("an update can be applied");
    known(document) != before
}

/// Returns the insertions and deletions of a document: two documents with the same ones are equal.
fn known(document: &Doc) -> Snapshot {
    document.transact().snapshot()
}

fn is_empty(document: &Doc) -> bool {
    document.transact().root_refs().next().is_none()
}

impl Replay {
    async fn open(&mut self, connection: &str, id: &str) {
        let answer = tests::get(&chat(), &format!("/api/pluv/authorize?room={}&user_id={id}", self.room)).await;
        assert_eq!(answer.status, 200);
        // As the stock client encodes it.
        let token = answer.body.replace('.', "%252E");
        let mut client = tests::connect(&format!("{}/api/pluv/room/{}?token={token}", chat(), self.room)).await;
        let registered = client.register().await;
        self.check_envelope(&registered, &client.id, id);
        let shared = self.shown.values().find(|shown| shown.user == id).map(|shown| shown.presence.clone());
        assert_eq!(registered["data"]["presence"], shared.unwrap_or(Value::Null));
        let state = registered["data"]["state"].as_str();
        assert_eq!(
            state.is_none_or(str::is_empty),
            is_empty(&self.document),
            "the state says whether there is a document"
        );
        self.clients.insert(connection.to_owned(), client);
        self.users.insert(connection.to_owned(), id.to_owned());
        self.nothing_came().await;
    }

    async fn close(&mut self, connection: &str) {
        let client = self.clients.remove(connection).expect("it is connected");
        let (session, id) = (client.id.clone(), self.users[connection].clone());
        assert_eq!(client.leave(4001).await.code, 4001);
        self.shown.remove(&session);
        self.copies.remove(connection);
        self.ready.remove(connection);
        for name in self.names() {
            let exit = self.only_frame(&name, "$exit").await;
            assert_eq!(exit["data"], json!({ "sessionId": session }));
            self.check_envelope(&exit, &session, &id);
        }
    }

    async fn send(&mut self, connection: &str, frame: &Value) {
        let client = self.clients.get_mut(connection).expect("the sender is connected");
        client.send_text(&frame.to_string()).await;
        let (session, id) = (client.id.clone(), self.users[connection].clone());
        let data = &frame["data"];
        match frame["type"].as_str().expect("a frame has a type") {
            "$initializeSession" => self.initialized(connection, &session, &id, data).await,
            "$getOthers" => {
                let frame = self.only_frame(connection, "$othersReceived").await;
                self.check_envelope(&frame, &session, &id);
                self.check_others(&frame["data"]["others"], &session);
            }
            "$updatePresence" => self.presence_updated(&session, &id, data).await,
            "$updateStorage" => self.document_updated(connection, &session, &id, data).await,
            "$ping" => {
                let pong = self.clients.get_mut(connection).expect("it is connected").receive().await;
                assert_eq!(pong, json!({ "type": "$pong", "data": {} }));
            }
            "sendMessage" if data["message"].is_string() => {
                self.messages += 1;
                for name in self.names() {
                    let mut frame = self.only_frame(&name, "messageReceived").await;
                    self.check_envelope(&frame, &session, &id);
                    assert!(frame["data"]["time"].take().is_u64(), "a message has a time");
                    let mut message = data.clone();
                    for (field, value) in [
                        ("id", json!(self.messages)),
                        ("author", json!(id)),
                        ("name", json!(id)),
                        ("time", Value::Null),
                    ] {
                        message[field] = value;
                    }
                    assert_eq!(frame["data"], message);
                }
            }
            "sendMessage" => self.assert_rejected(connection, "`data.message`").await,
            event => self.assert_rejected(connection, &format!("no event `{event}`")).await,
        }
    }

    async fn initialized(&mut self, connection: &str, session: &str, id: &str, data: &Value) {
        let shared = self.shown.values().find(|shown| shown.user == id).map(|shown| shown.presence.clone());
        let presence = shared.unwrap_or_else(|| data["presence"].clone());
        self.shown.insert(session.to_owned(), Shown { user: id.to_owned(), presence: presence.clone() });
        let stored = self.clients.get_mut(connection).expect("it is connected").receive().await;
        assert_eq!(stored["type"], "$storageReceived", "storage comes before the join");
        let brought = data["update"].as_str().is_some_and(|update| !update.is_empty());
        let kind = match (is_empty(&self.document), brought) {
            (true, true) => "initialized",
            (true, false) => "empty",
            (false, _) => "unchanged",
        };
        assert_eq!(stored["data"]["changeKind"], kind);
        if kind == "initialized" {
            apply(&self.document, &data["update"]);
        }
        let copy = Doc::new();
        apply(&copy, &stored["data"]["state"]);
        assert_eq!(known(&copy), known(&self.document), "the frame has the whole document");
        self.copies.insert(connection.to_owned(), copy);
        self.check_envelope(&stored, session, id);
        for name in self.names() {
            let joined = self.only_frame(&name, "$userJoined").await;
            self.check_envelope(&joined, session, id);
            let data = &joined["data"];
            assert_eq!(data["connectionId"], session);
            assert_eq!(data["user"], user(id));
            assert_eq!(data["presence"], presence, "the presence of the handshake is kept");
            assert!(data["timers"].get("presence").is_some());
        }
    }

    async fn presence_updated(&mut self, session: &str, id: &str, data: &Value) {
        let mut merged = self.shown[session].presence.clone();
        for (key, value) in data["presence"].as_object().expect("a patch is an object") {
            merged[key] = value.clone();
        }
        for shown in self.shown.values_mut().filter(|shown| shown.user == id) {
            shown.presence = merged.clone();
        }
        for name in self.names() {
            let frame = self.only_frame(&name, "$presenceUpdated").await;
            self.check_envelope(&frame, session, id);
            assert_eq!(frame["data"]["presence"], merged);
            assert!(frame["data"]["timers"]["presence"].is_u64(), "an update has a time");
        }
    }

    async fn document_updated(&mut self, connection: &str, session: &str, id: &str, data: &Value) {
        apply(&self.copies[connection], &data["update"]);
        if data["origin"] == "$initialized" {
            self.ready.insert(connection.to_owned());
        }
        if apply(&self.document, &data["update"]) {
            for name in self.ready.clone().into_iter().filter(|name| name != connection) {
                let frame = self.only_frame(&name, "$storageUpdated").await;
                self.check_envelope(&frame, session, id);
                apply(&self.copies[&name], &frame["data"]["state"]);
            }
        }
        self.nothing_came().await;
        for name in &self.ready {
            assert_eq!(known(&self.copies[name]), known(&self.document), "a client that is ready has the document");
        }
    }

    /// Asserts that a client that joins last gets the document of the recorded clients.
    async fn check_newcomer(&mut self) {
        let frame = json!({ "type": "$initializeSession", "data": { "presence": {}, "update": "" } });
        self.open("newcomer", "newcomer").await;
        self.send("newcomer", &frame).await;
    }

    async fn assert_rejected(&mut self, connection: &str, reason: &str) {
        let error = self.only_frame(connection, "$error").await;
        let message = error["data"]["message"].as_str().expect("an error has a message");
        assert!(message.contains(reason), "{message}");
        assert_eq!(error["data"].as_object().map(serde_json::Map::len), Some(1), "an error has no stack");
        self.nothing_came().await;
    }

    fn check_others(&self, others: &Value, asker: &str) {
        let others = others.as_object().expect("others are an object");
        let expected: Vec<_> = self.shown.keys().filter(|session| *session != asker).collect();
        assert_eq!(others.keys().collect::<Vec<_>>(), expected, "others are all but the asker");
        for (session, other) in others {
            let shown = &self.shown[session];
            assert_eq!(other["connectionId"], session.as_str());
            assert_eq!(other["user"], user(&shown.user));
            assert_eq!(other["presence"], shown.presence);
            assert_eq!(other["room"], self.room.as_str());
            assert!(other["timers"].get("presence").is_some());
        }
    }

    fn check_envelope(&self, frame: &Value, session: &str, id: &str) {
        assert_eq!(frame["connectionId"], session, "the envelope has the sender's connection: {frame}");
        assert_eq!(frame["user"], user(id), "the envelope has the sender's user: {frame}");
        assert_eq!(frame["room"], self.room.as_str());
    }

    fn names(&self) -> Vec<String> {
        self.clients.keys().cloned().collect()
    }

    /// Returns the only frame that a client was sent.
    async fn only_frame(&mut self, connection: &str, expected: &str) -> Value {
        let mut frames = self.clients.get_mut(connection).expect("it is connected").drain().await;
        assert_eq!(frames.len(), 1, "one `{expected}` is expected: {frames:?}");
        let frame = frames.remove(0);
        assert_eq!(frame["type"], expected);
        frame
    }

    async fn nothing_came(&mut self) {
        for client in self.clients.values_mut() {
            assert_eq!(client.drain().await, Vec::<Value>::new());
        }
    }
}

#[tokio::test]
async fn the_recorded_session_of_events() {
    replay(include_str!("../transcripts/events.jsonl")).await;
}

#[tokio::test]
async fn the_recorded_session_of_the_heartbeat() {
    replay(include_str!("../transcripts/heartbeat.jsonl")).await;
}

#[tokio::test]
async fn the_recorded_session_of_presence() {
    replay(include_str!("../transcripts/presence.jsonl")).await;
}

#[tokio::test]
async fn the_recorded_session_of_a_rejoin() {
    replay(include_str!("../transcripts/rejoin.jsonl")).await;
}

#[tokio::test]
async fn the_recorded_session_of_storage() {
    replay(include_str!("../transcripts/storage.jsonl")).await;
}

#[tokio::test]
async fn the_recorded_session_of_tabs() {
    replay(include_str!("../transcripts/tabs.jsonl")).await;
}
