//! The chat's routes for administrators.

use serde_json::{Value, json};
use tests::{Answer, Client, chat, fresh, request_with};

const SECRET: &str = "another that everyone knows, for the demo";

async fn admin(secret: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {secret}");
    request_with(&chat(), method, &format!("/admin/{path}"), &[("Authorization", &bearer)], body.as_bytes()).await
}

async fn join(room: &str, id: &str) -> Client {
    let mut client = Client::join(&chat(), "/api/pluv", room, id, &json!({})).await;
    client.drain().await;
    client
}

#[tokio::test]
async fn an_administrator_lists_messages_and_disconnects_users() {
    let room = fresh("admin");
    let [mut ada, mut bob] = [join(&room, "ada").await, join(&room, "bob").await];
    ada.drain().await;
    let sessions: Value = serde_json::from_str(&admin(SECRET, "GET", &format!("sessions?room={room}"), "").await.body)
        .expect("it is JSON");
    let session = |client: &Client, id: &str| json!({ "session": client.id, "id": id, "name": id });
    assert_eq!(sessions, json!([session(&ada, "ada"), session(&bob, "bob")]));

    let notice = admin(SECRET, "POST", &format!("notice?room={room}"), "we close").await;
    assert_eq!(notice.body, "sent to 2 connections");
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.only("notice").await["data"]["message"], "we close");
    }

    let evicted = admin(SECRET, "POST", &format!("evict?room={room}"), "bob").await;
    assert_eq!(evicted.body, "closed 1 connections");
    let closed = bob.closed().await;
    assert_eq!((closed.code, &*closed.reason), (4000, "disconnected by an administrator"));
    assert_eq!(ada.only("$exit").await["connectionId"], bob.id.as_str());
}

#[tokio::test]
async fn requests_without_the_admin_secret_are_rejected() {
    let room = fresh("no-admin");
    let mut ada = join(&room, "ada").await;
    for secret in
        ["", "another", "another that everyone knows, for the dem", "another that everyone knows, for the demo!"]
    {
        for (method, what) in [("GET", "sessions"), ("POST", "notice"), ("POST", "evict"), ("GET", "")] {
            let answer = admin(secret, method, &format!("{what}?room={room}"), "ada").await;
            assert_eq!(answer.status, 401, "{secret}: {answer:?}");
        }
    }
    assert_eq!(request_with(&chat(), "GET", &format!("/admin/sessions?room={room}"), &[], &[]).await.status, 401);
    ada.silent().await;
}
