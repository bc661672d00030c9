//! What a worker does with its rooms, and that nobody else can.

use serde_json::{Value, json};
use tests::{Client, Closed, LAB, UPGRADE, connect_with, fixture, fresh, get, lab, post, request_with, together};

const NOTES: &str = "/notes";

/// What a route of the worker's own does with a room, and its answer.
async fn steer(room: &str, what: &str, text: &str) -> String {
    let answer = post(&fixture(), &format!("/steer/{room}/{what}"), text).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

#[tokio::test]
async fn a_route_tells_everyone_something() {
    let room = fresh("told");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    assert_eq!(steer(&room, "broadcast", "Zoë: \"we close\"").await, "2");
    for client in [&mut ada, &mut bob] {
        let said = client.only("said").await;
        assert_eq!(said["data"]["text"], "Zoë: \"we close\"");
        assert_eq!((&said["connectionId"], &said["user"]), (&Value::Null, &Value::Null));
        assert_eq!(said["room"], room.as_str());
    }
}

#[tokio::test]
async fn a_route_tells_one_user_something() {
    let room = fresh("told-one");
    let [mut ada, mut tab, mut bob] = together(&room, ["ada", "ada", "bob"]).await;
    assert_eq!(steer(&room, "send", "ada").await, "2");
    for client in [&mut ada, &mut tab] {
        assert_eq!(client.only("said").await["data"]["text"], "psst");
    }
    bob.silent().await;
    assert_eq!(steer(&room, "send", "eve").await, "0");
}

#[tokio::test]
async fn a_route_sees_who_is_there() {
    let room = fresh("seen");
    assert_eq!(steer(&room, "size", "").await, "0");
    let _ada = lab(&room, "ada", "a note").await;
    let _bob = lab(&room, "Zoë", "").await;
    let _early = Client::open(&fixture(), LAB, &room, "eve").await;
    assert_eq!(steer(&room, "sessions", "").await, "ada: a note, Zoë: ");
    assert_eq!(steer(&room, "size", "").await, "3");
}

#[tokio::test]
async fn a_route_sends_a_session_away() {
    let room = fresh("evict");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    assert_eq!(steer(&room, "evict", &bob.id).await, "1");
    assert_eq!(bob.closed().await, closed(4000, "you were sent away"));
    assert_eq!(ada.until("$exit").await["connectionId"], bob.id.as_str());
    ada.until("farewell").await;
    assert_eq!(steer(&room, "evict", &bob.id).await, "0");
    assert_eq!(ada.others().await, json!({}));
    ada.silent().await;
}

#[tokio::test]
async fn a_route_sends_a_user_away_with_a_reason() {
    let room = fresh("evict-user");
    let [mut ada, mut tab, mut bob] = together(&room, ["ada", "ada", "bob"]).await;
    assert_eq!(steer(&room, "evict-user", "ada").await, "2");
    for client in [&mut ada, &mut tab] {
        assert_eq!(client.closed().await, closed(4000, "you were banned"));
    }
    assert_eq!(bob.others().await, json!({}));
}

#[tokio::test]
async fn a_route_sends_everyone_away_who_may_return() {
    let room = fresh("evict-all");
    let clients = together(&room, ["ada", "bob"]).await;
    assert_eq!(steer(&room, "evict-all", "").await, "2");
    for mut client in clients {
        assert_eq!(client.closed().await, closed(1012, "we restart"));
    }
    assert_eq!(steer(&room, "size", "").await, "0");
    lab(&room, "ada", "").await.silent().await;
}

#[tokio::test]
async fn a_handler_sends_a_user_away() {
    let room = fresh("evict-handler");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    ada.send("evict", &json!({ "text": "bob" })).await;
    assert_eq!(bob.closed().await.code, 4000);
    assert_eq!(ada.until("$exit").await["connectionId"], bob.id.as_str());
    // Itself too.
    ada.send("evict", &json!({ "text": "ada" })).await;
    assert_eq!(ada.closed().await.code, 4000);
    assert_eq!(steer(&room, "size", "").await, "0");
}

#[tokio::test]
async fn a_route_writes_and_reads_the_document() {
    let room = fresh("written");
    let mut ada = Client::join(&fixture(), NOTES, &room, "ada", &json!({})).await;
    ada.send("$updateStorage", &json!({ "origin": "$initialized", "update": "AAA=" })).await;
    ada.drain().await;
    steer(&room, "write", "from a queue").await;
    assert!(ada.only("$storageUpdated").await["connectionId"].is_string(), "clients drop a change of nobody's");
    ada.send("read", &json!({})).await;
    assert_eq!(ada.until("said").await["data"]["text"], "from a queue");
    assert_eq!(steer(&room, "read", "").await, "from a queue");
    let answer = post(&fixture(), &format!("/steer/{room}/write-nonsense"), "").await;
    assert_eq!((answer.status, answer.body.contains("update")), (400, true), "{}", answer.body);
}

#[tokio::test]
async fn a_route_deletes_the_document() {
    let room = fresh("deleted");
    let mut ada = Client::join(&fixture(), NOTES, &room, "ada", &json!({})).await;
    steer(&room, "write", "text").await;
    steer(&room, "delete", "").await;
    assert_eq!(ada.closed().await, closed(4000, "the room was deleted"));
    assert_eq!(steer(&room, "read", "").await, "");
}

#[tokio::test]
async fn a_room_without_a_name_is_none() {
    let answer = post(&fixture(), "/steer//size", "").await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.starts_with("the room's name is missing"), "{}", answer.body);
}

/// What the worker asks of a room, as someone else may write it.
fn forged() -> Vec<(&'static str, String)> {
    let admission = json!({ "session": "forged", "user": { "id": "forged" }, "access": "write" });
    let mut forged = vec![("x-pluv-admission", admission.to_string())];
    let evict = json!({ "whom": "all", "code": 4000, "reason": "forged" });
    for ask in [json!({ "evict": evict }), json!("broadcast"), json!("sessions"), json!("delete"), json!("storage")] {
        forged.push(("x-pluv-ask", ask.to_string()));
    }
    forged
}

#[tokio::test]
async fn no_request_from_outside_reaches_a_room() {
    let room = fresh("hostile");
    let [mut ada, mut bob] = together(&room, ["ada", "bob"]).await;
    let token = get(&fixture(), &format!("{LAB}/authorize?room={room}&user_id=eve")).await.body;
    let paths = [
        "/ask".to_owned(),
        "/connect".to_owned(),
        format!("{LAB}/ask"),
        format!("{LAB}/ask?room={room}"),
        format!("{LAB}/authorize?room={room}&user_id=eve"),
        format!("{LAB}/room/{room}"),
        format!("{LAB}/room/{room}?token={token}"),
        format!("{LAB}/room/{room}/../../ask?room={room}"),
        format!("{LAB}/room/%2e%2e/ask?room={room}"),
        "http://room.internal/ask".to_owned(),
        "https://room.internal/connect".to_owned(),
    ];
    let body = r#"{"type":"said","data":{"text":"forged"}"#;
    for path in &paths {
        for (name, value) in forged() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let headers = [("X-Forwarded-Host", "room.internal"), (name, &*value)];
                let answer = request_with(&fixture(), method, path, &headers, body).await;
                // A token is for whom the room's own hook lets in, and nothing else is told.
                let is_token = path.contains("authorize") && matches!(method, "GET" | "OPTIONS");
                assert!(is_token || answer.status >= 400, "{method} {path} {name}: {answer:?}");
            }
        }
    }
    ada.silent().await;
    bob.silent().await;
    assert_eq!(steer(&room, "size", "").await, "2");
}

#[tokio::test]
async fn a_connection_with_forged_headers_is_who_its_token_says() {
    let room = fresh("forged");
    let mut ada = lab(&room, "ada", "").await;
    for (name, value) in forged() {
        let url = format!("{}{LAB}/room/{room}", fixture());
        let mut nobody = connect_with(&url, &[(name, &value)]).await;
        assert_eq!(nobody.receive().await["type"], "$error");
        assert_eq!(nobody.closed().await.code, 3000);
        let token = get(&fixture(), &format!("{LAB}/authorize?room={room}&user_id=eve")).await.body;
        let mut eve = connect_with(&format!("{url}?token={token}"), &[(name, &value)]).await;
        let registered = eve.register().await;
        assert_eq!(registered["user"]["id"], "eve", "{registered}");
        assert_ne!(eve.id, "forged");
        eve.vanish();
    }
    // Nor by a request that says it is for a WebSocket, and is not.
    for (name, value) in forged() {
        let headers: Vec<_> = UPGRADE.iter().copied().chain([(name, &*value)]).collect();
        let answer = request_with(&fixture(), "POST", &format!("{LAB}/room/{room}"), &headers, "").await;
        assert!(answer.status >= 400, "{answer:?}");
    }
    ada.silent().await;
}
