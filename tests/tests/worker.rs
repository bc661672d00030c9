//! Requests of a worker to its rooms, which nobody else can make.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{
    Client, Closed, LAB, NOTES, Provider, UPGRADE, connect_with, control, fixture, fresh, get, lab, post, request_with,
    together, write,
};
use yrs::{Doc, sync::Message};

/// All requests of the worker to a room, as they are encoded.
const ADMIN_REQUESTS: &str = include_str!("../../pluv-runtime/src/engine/tests/admin_requests.json");
const METHODS: [&str; 4] = ["GET", "POST", "DELETE", "OPTIONS"];
/// The text of the document that is attacked.
const TEXT: &str = "what the document says";

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

#[tokio::test]
async fn a_route_broadcasts_to_everyone() {
    let room = fresh("broadcast");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    assert_eq!(control(&room, "broadcast", "Zoë: \"we close\"").await, "2");
    for client in [&mut ada, &mut bob] {
        let said = client.only("said").await;
        assert_eq!(said["data"]["text"], "Zoë: \"we close\"");
        assert_eq!((&said["connectionId"], &said["user"]), (&Value::Null, &Value::Null));
        assert_eq!(said["room"], room.as_str());
    }
}

#[tokio::test]
async fn a_route_sends_to_one_user() {
    let room = fresh("send-to-user");
    let [mut ada, mut tab, mut bob] = together(&room, ["ada", "ada", "bob"]).await;
    assert_eq!(control(&room, "send", "ada").await, "2");
    for client in [&mut ada, &mut tab] {
        assert_eq!(client.only("said").await["data"]["text"], "psst");
    }
    bob.silent().await;
    assert_eq!(control(&room, "send", "eve").await, "0");
}

#[tokio::test]
async fn a_route_lists_sessions() {
    let room = fresh("seen");
    assert_eq!(control(&room, "size", "").await, "0");
    let _ada = lab(&room, "ada", "a note").await;
    let _bob = lab(&room, "Zoë", "").await;
    let _early = Client::open(&fixture(), LAB, &room, "eve").await;
    assert_eq!(control(&room, "sessions", "").await, "ada Pluv: a note, Zoë Pluv: ");
    assert_eq!(control(&room, "size", "").await, "3");
}

#[tokio::test]
async fn a_route_disconnects_a_session() {
    let room = fresh("evict");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    assert_eq!(control(&room, "evict", &bob.id).await, "1");
    assert_eq!(bob.closed().await, closed(4000, "disconnected by the server"));
    assert_eq!(ada.until("$exit").await["connectionId"], bob.id.as_str());
    ada.until("farewell").await;
    assert_eq!(control(&room, "evict", &bob.id).await, "0");
    assert_eq!(ada.others().await, json!({}));
    ada.silent().await;
}

#[tokio::test]
async fn a_route_disconnects_a_user_with_a_reason() {
    let room = fresh("evict-user");
    let [mut ada, mut tab, mut bob] = together(&room, ["ada", "ada", "bob"]).await;
    assert_eq!(control(&room, "evict-user", "ada").await, "2");
    for client in [&mut ada, &mut tab] {
        assert_eq!(client.closed().await, closed(4000, "you were banned"));
    }
    assert_eq!(bob.others().await, json!({}));
}

#[tokio::test]
async fn a_route_disconnects_everyone_and_allows_reconnects() {
    let room = fresh("evict-all");
    let clients = together(&room, ["ada", "bob"]).await;
    assert_eq!(control(&room, "evict-all", "").await, "2");
    for mut client in clients {
        assert_eq!(client.closed().await, closed(1012, "we restart"));
    }
    assert_eq!(control(&room, "size", "").await, "0");
    lab(&room, "ada", "").await.silent().await;
}

#[tokio::test]
async fn a_handler_disconnects_a_user() {
    let room = fresh("evict-handler");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    ada.send("evict", &json!({ "text": "bob" })).await;
    assert_eq!(bob.closed().await.code, 4000);
    assert_eq!(ada.until("$exit").await["connectionId"], bob.id.as_str());
    // The sender of the event too.
    ada.send("evict", &json!({ "text": "ada" })).await;
    assert_eq!(ada.closed().await.code, 4000);
    assert_eq!(control(&room, "size", "").await, "0");
}

#[tokio::test]
async fn a_route_writes_and_reads_the_document() {
    let room = fresh("written");
    let mut ada = Client::join(&fixture(), NOTES, &room, "ada", &json!({})).await;
    ada.send("$updateStorage", &json!({ "origin": "$initialized", "update": "AAA=" })).await;
    ada.drain().await;
    control(&room, "notes/write", "from a queue").await;
    assert!(ada.only("$storageUpdated").await["connectionId"].is_string(), "clients drop a change of nobody's");
    ada.send("read", &json!({})).await;
    assert_eq!(ada.until("said").await["data"]["text"], "from a queue");
    assert_eq!(control(&room, "notes/read", "").await, "from a queue");
    let answer = post(&fixture(), &format!("/control/{room}/notes/write-nonsense"), "").await;
    assert_eq!((answer.status, answer.body.contains("update")), (400, true), "{}", answer.body);
}

#[tokio::test]
async fn a_route_deletes_the_document() {
    let room = fresh("deleted");
    let mut ada = Client::join(&fixture(), NOTES, &room, "ada", &json!({})).await;
    control(&room, "notes/write", "text").await;
    control(&room, "notes/delete", "").await;
    assert_eq!(ada.closed().await, closed(4000, "the room was deleted"));
    assert_eq!(control(&room, "notes/read", "").await, "");
}

#[tokio::test]
async fn an_empty_room_name_is_rejected() {
    let answer = post(&fixture(), "/control//size", "").await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.starts_with("the room's name is missing"), "{}", answer.body);
}

/// The header by which the worker names the room of each of its requests.
const FORGED_ROOM: (&str, &str) = ("x-pluv-room", "\"forged\"");

/// Forged headers of an admission and of each request of the worker.
fn forged() -> Vec<(&'static str, String)> {
    let requests: Vec<Value> = serde_json::from_str(ADMIN_REQUESTS).expect("it is JSON");
    let admission = json!({ "session": "forged", "user": { "id": "forged" }, "access": "write" });
    let requests = requests.into_iter().map(|request| ("x-pluv-admin", request.to_string()));
    requests.chain([("x-pluv-admission", admission.to_string())]).collect()
}

/// Returns the body of a request: an update of the document, or an output.
fn body_of(value: &str) -> Vec<u8> {
    match value.contains("updateStorage") {
        true => write(&Doc::new(), 0, "forged"),
        false => br#"{"type":"said","data":{"text":"forged"}"#.to_vec(),
    }
}

/// Rooms that are attacked: one with all features but a document, and one with a document.
struct Attacked {
    name: String,
    lab: [Client; 2],
    notes: Client,
    editor: Provider,
}

impl Attacked {
    async fn new(name: &str) -> Self {
        let name = fresh(name);
        let lab = together(&name, ["ada", "bob"]).await;
        let mut notes = Client::join(&fixture(), NOTES, &name, "ada", &json!({ "note": "a note" })).await;
        let mut editor = Provider::join(&name, "bob").await;
        editor.write(0, TEXT).await;
        editor.settle().await;
        // `on_storage_updated` runs a second later.
        notes.until("said").await;
        Self { name, lab, notes, editor }
    }

    /// Asserts that nothing has changed in them.
    async fn are_unharmed(mut self) {
        for client in &mut self.lab {
            client.silent().await;
        }
        self.notes.silent().await;
        self.editor.updates.clear();
        self.editor.settle().await;
        assert_eq!(self.editor.updates, [[0, 0]], "nothing is new");
        assert_eq!(self.editor.text(), TEXT);
        assert_eq!(control(&self.name, "notes/read", "").await, TEXT);
        assert_eq!(control(&self.name, "size", "").await, "2");
        assert_eq!(control(&self.name, "notes/sessions", "").await, "ada Pluv: a note, bob Yjs: ");
    }
}

#[tokio::test]
async fn the_forged_requests_work_where_a_worker_forwards_them() {
    let room = fresh("forwarded");
    for (name, value) in forged().iter().filter(|(name, _)| *name == "x-pluv-admin") {
        let path = format!("/forwarded/{room}");
        let answer = request_with(&fixture(), "POST", &path, &[FORGED_ROOM, (name, value)], &body_of(value)).await;
        assert_eq!(answer.status, 200, "{value}: {answer:?}");
    }
    let url = format!("{}/forwarded/{room}", fixture());
    let admission = forged().into_iter().find(|(name, _)| *name == "x-pluv-admission").expect("it is there");
    let mut eve = connect_with(&url, &[FORGED_ROOM, (admission.0, &admission.1)]).await;
    assert_eq!(eve.register().await["user"]["id"], "forged");
}

#[tokio::test]
async fn no_request_from_outside_reaches_a_room() {
    let rooms = Attacked::new("hostile").await;
    let room = &rooms.name;
    let mut paths: Vec<_> = ["/", "/ask", "/connect", "http://room.internal/ask", "https://room.internal/connect"]
        .map(str::to_owned)
        .into();
    for base in [LAB, NOTES] {
        let token = get(&fixture(), &format!("{base}/authorize?room={room}&user_id=eve")).await.body;
        let below = [
            "ask".to_owned(),
            format!("ask?room={room}"),
            format!("connect?room={room}"),
            format!("authorize?room={room}"),
            format!("authorize?room={room}&user_id=eve"),
            format!("room/{room}"),
            format!("room/{room}?token={token}"),
            format!("room/{room}/ask?token={token}"),
            format!("room/{room}/../../ask?room={room}"),
            format!("room/%2e%2e/ask?room={room}"),
            format!("yjs/{room}"),
            format!("yjs/{room}?token={token}"),
            format!("yjs/{room}/ask?token={token}"),
        ];
        paths.extend(below.map(|path| format!("{base}/{path}")));
    }
    for path in &paths {
        // The token endpoint may answer, as it runs the room's own hook; nothing else may.
        let is_token = |method| path.contains("authorize") && matches!(method, "GET" | "OPTIONS");
        let attacks = forged().into_iter().flat_map(|(name, value)| {
            METHODS.map(|method| {
                let value = value.clone();
                async move {
                    let headers = [("X-Forwarded-Host", "room.internal"), FORGED_ROOM, (name, &*value)];
                    let answer = request_with(&fixture(), method, path, &headers, &body_of(&value)).await;
                    (method, value, answer)
                }
            })
        });
        for (method, value, answer) in join_all(attacks).await {
            assert!(is_token(method) || answer.status >= 400, "{method} {path} {value}: {answer:?}");
            assert!(!answer.body.contains(TEXT), "{method} {path} {value}: {answer:?}");
        }
    }
    rooms.are_unharmed().await;
}

#[tokio::test]
async fn a_connection_with_forged_headers_has_the_user_of_its_token() {
    let rooms = Attacked::new("forged").await;
    let room = rooms.name.clone();
    for base in [LAB, NOTES] {
        for (name, value) in forged() {
            let url = format!("{}{base}/room/{room}", fixture());
            let mut nobody = connect_with(&url, &[FORGED_ROOM, (name, &value)]).await;
            assert_eq!(nobody.receive().await["type"], "$error");
            assert_eq!(nobody.closed().await.code, 3000);
            let token = get(&fixture(), &format!("{base}/authorize?room={room}&user_id=eve")).await.body;
            let mut eve = connect_with(&format!("{url}?token={token}"), &[FORGED_ROOM, (name, &value)]).await;
            let registered = eve.register().await;
            assert_eq!(registered["user"]["id"], "eve", "{registered}");
            assert_ne!(eve.id, "forged");
            eve.leave(1000).await;
            // A request that has the headers of an upgrade, and is none, is rejected too.
            let headers: Vec<_> = UPGRADE.iter().copied().chain([FORGED_ROOM, (name, &*value)]).collect();
            for path in ["room", "yjs"] {
                let answer = request_with(&fixture(), "POST", &format!("{base}/{path}/{room}"), &headers, b"").await;
                assert!(answer.status >= 400, "{answer:?}");
            }
        }
    }
    for (name, value) in forged() {
        let mut nobody = Provider::open_with(&room, "", &[(name, &value)]).await;
        assert!(matches!(nobody.receive().await, Message::Auth(Some(_))));
        assert_eq!(nobody.closed().await.code, 4401);
        let token = get(&fixture(), &format!("{NOTES}/authorize?room={room}&user_id=eve")).await.body;
        let mut eve = Provider::open_with(&room, &token, &[(name, &value)]).await;
        eve.settle().await;
        let sessions = control(&room, "notes/sessions", "").await;
        assert_eq!(sessions, "ada Pluv: a note, bob Yjs: , eve Yjs: ");
        assert_eq!(control(&room, "notes/evict-user", "eve").await, "1");
        assert_eq!(eve.closed().await.code, 4403);
    }
    rooms.are_unharmed().await;
}
