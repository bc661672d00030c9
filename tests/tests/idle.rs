//! Idle connections, in a room with an idle limit of three seconds.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Client, Closed, Provider, TIMEOUT, fixture, fresh};
use tokio::time::{sleep, timeout};

const BRISK: &str = "/brisk";
/// The interval of messages of a client that is not idle.
const PAUSE: Duration = Duration::from_secs(1);
const PING: &str = r#"{"type":"$ping","data":{}}"#;

async fn brisk(room: &str, id: &str) -> Client {
    let mut client = Client::join(&fixture(), BRISK, room, id, &json!({ "note": id })).await;
    client.drain().await;
    client
}

/// Pings once a second, as the stock client does and the platform answers, and returns the frames received up to three pings
/// after a farewell.
async fn ping_until_farewell(client: &mut Client) -> Vec<Value> {
    let mut frames = Vec::new();
    let mut more = 3;
    while more > 0 {
        sleep(PAUSE).await;
        if frames.iter().any(|frame: &Value| frame["type"] == "farewell") {
            more -= 1;
        }
        client.send_text(PING).await;
        loop {
            let frame = client.receive().await;
            if frame["type"] == "$pong" {
                break;
            }
            frames.push(frame);
        }
    }
    frames
}

#[tokio::test]
async fn an_idle_client_is_closed_and_announced_once_and_one_that_pings_stays() {
    let room = fresh("silent");
    let mut ada = brisk(&room, "ada").await;
    let mut bob = brisk(&room, "bob").await;
    let mut cy = brisk(&room, "cy").await;
    for client in [&mut ada, &mut bob] {
        client.drain().await;
    }
    let frames = tokio::select! {
        frames = ping_until_farewell(&mut bob) => frames,
        () = async {
            loop {
                sleep(PAUSE).await;
                cy.send("$getOthers", &json!({})).await;
            }
        } => unreachable!("the client pings on"),
    };
    let announced: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(announced, ["$exit", "$syncStateReceived", "farewell"], "{frames:?}");
    assert_eq!(frames[0]["data"], json!({ "sessionId": ada.id }));
    assert_eq!(frames[0]["user"], json!({ "id": "ada" }));
    let mut present: Vec<_> = frames[1]["data"]["connectionIds"].as_array().cloned().unwrap_or_default();
    present.sort_by_key(ToString::to_string);
    let mut expected = [json!(bob.id), json!(cy.id)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(present, expected);
    assert_eq!(frames[2]["data"], json!({ "id": "ada", "note": "ada" }));
    let closed = ada.closed().await;
    assert_eq!(closed, Closed { code: 1012, reason: "idle connection timed out".to_owned() });
    let others = bob.others().await;
    assert_eq!(others.as_object().map(|others| others.keys().collect::<Vec<_>>()), Some(vec![&cy.id]));
}

#[tokio::test]
async fn a_room_whose_clients_are_all_idle_becomes_empty() {
    let room = fresh("deserted");
    let mut ada = brisk(&room, "ada").await;
    let mut bob = brisk(&room, "bob").await;
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.closed().await.code, 1012);
    }
    let mut cy = brisk(&room, "cy").await;
    assert_eq!(cy.others().await, json!({}));
}

#[tokio::test]
async fn an_idle_provider_is_closed_and_withdrawn_and_an_active_one_stays() {
    let room = fresh("silent");
    let mut ada = Provider::join_at(BRISK, &room, "ada").await;
    let mut bob = Provider::join_at(BRISK, &room, "bob").await;
    ada.send_awareness(&json!({ "name": "Ada" })).await;
    let client = ada.client();
    bob.until(|bob| bob.clients.contains_key(&client)).await;
    let withdrawn = async {
        while !bob.clients.is_empty() {
            sleep(PAUSE).await;
            bob.settle().await;
        }
    };
    timeout(TIMEOUT, withdrawn).await.expect("an idle provider is withdrawn in time");
    assert_eq!(ada.closed().await, Closed { code: 1012, reason: "idle connection timed out".to_owned() });
    bob.write(0, "by bob").await;
    ada.connect().await;
    assert_eq!(ada.text(), "by bob");
}
