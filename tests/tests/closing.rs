//! The end of connections.

use serde_json::json;
use tests::{Client, Closed, LAB, fixture, fresh, lab, together};

#[tokio::test]
async fn a_close_is_answered_with_the_same_code() {
    let room = fresh("codes");
    for (code, reason) in [(1000, "done"), (1000, ""), (4001, "the tab is hidden"), (4999, "Zoë")] {
        let client = lab(&room, "ada", "").await;
        let closed = client.leave_with(Some((code, reason))).await;
        assert_eq!(closed, Closed { code, reason: reason.to_owned() });
    }
}

#[tokio::test]
async fn a_close_without_a_code_is_answered_without_a_code() {
    let client = lab(&fresh("no-code"), "ada", "").await;
    assert_eq!(client.leave_with(None).await, Closed { code: 1005, reason: String::new() });
}

#[tokio::test]
async fn a_client_that_closes_is_announced_once() {
    for code in [1000, 1001, 4999] {
        let [ada, mut bob, mut cy] = together(&fresh("close"), ["ada", "bob", "cy"]).await;
        let session = ada.id.clone();
        ada.leave(code).await;
        for client in [&mut bob, &mut cy] {
            let exit = client.until("$exit").await;
            assert_eq!(exit["connectionId"], session.as_str());
            assert_eq!(exit["user"], json!({ "id": "ada" }));
            assert_eq!(exit["data"], json!({ "sessionId": session }));
            assert_eq!(client.only("farewell").await["data"]["id"], "ada");
        }
        assert_eq!(bob.others().await.as_object().map(serde_json::Map::len), Some(1));
    }
}

#[tokio::test]
async fn a_client_whose_connection_drops_is_announced_once() {
    let [ada, mut bob, mut cy] = together(&fresh("cut"), ["ada", "bob", "cy"]).await;
    let session = ada.id.clone();
    ada.drop_connection();
    for client in [&mut bob, &mut cy] {
        assert_eq!(client.until("$exit").await["connectionId"], session.as_str());
        client.until("farewell").await;
        client.silent().await;
    }
    assert_eq!(bob.others().await.as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test]
async fn a_user_stays_while_one_of_their_tabs_is_connected() {
    let [ada, tab, mut bob] = together(&fresh("tabs"), ["ada", "ada", "bob"]).await;
    let left = tab.id.clone();
    ada.leave(1000).await;
    assert_eq!(bob.until("$exit").await["user"]["id"], "ada");
    let others = bob.others().await;
    assert_eq!(others.as_object().map(|others| others.keys().collect::<Vec<_>>()), Some(vec![&left]));
    tab.leave(1000).await;
    assert_eq!(bob.until("$exit").await["connectionId"], left.as_str());
    assert_eq!(bob.others().await, json!({}));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_handshake_is_not_announced() {
    let room = fresh("early");
    let mut ada = lab(&room, "ada", "").await;
    for end in [None, Some(1000)] {
        let bob = Client::open(&fixture(), LAB, &room, "bob").await;
        match end {
            Some(code) => drop(bob.leave(code).await),
            None => bob.drop_connection(),
        }
        ada.silent().await;
    }
}
