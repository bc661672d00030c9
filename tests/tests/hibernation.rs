//! Rooms that hibernate with open connections.

use serde_json::{Value, json};
use tests::{
    Client, Closed, HIBERNATION_DELAY, LAB, connect, event_log_with, fixture, fresh, lab, texts, until_hibernated,
    wait_for_hibernation,
};

/// A room with a user that has two tabs and a note of their own, and another user.
struct HibernatingRoom {
    room: String,
    ada: Client,
    tab: Client,
    bob: Client,
}

impl HibernatingRoom {
    async fn new(name: &str) -> Self {
        let room = fresh(name);
        let mut ada = lab(&room, "ada", "first").await;
        let mut tab = lab(&room, "ada", "second").await;
        let mut bob = lab(&room, "bob", "of bob").await;
        ada.send("setNote", &json!({ "text": "edited" })).await;
        for client in [&mut ada, &mut tab, &mut bob] {
            client.drain().await;
        }
        assert!(events(&mut bob).await > 1, "the room is awake");
        Self { room, ada, tab, bob }
    }

    async fn after_hibernation(name: &str) -> Self {
        let room = Self::new(name).await;
        wait_for_hibernation().await;
        room
    }
}

/// Returns how many events this instance of the room has received, this one included.
async fn events(client: &mut Client) -> u64 {
    client.send("age", &json!({})).await;
    client.until("aged").await["data"]["events"].as_u64().expect("it is a number")
}

/// Returns whether the room hibernated: its instance has received `before` events only.
async fn has_slept(client: &mut Client, before: u64) -> bool {
    events(client).await == before + 1
}

#[tokio::test]
async fn connections_users_and_presences_survive_hibernation() {
    until_hibernated(async || {
        let HibernatingRoom { mut ada, mut tab, mut bob, .. } = HibernatingRoom::new("known").await;
        let before = bob.others().await;
        assert_eq!(before[&ada.id]["presence"], json!({ "note": "edited" }));
        assert!(before[&tab.id]["timers"]["presence"].is_u64());
        wait_for_hibernation().await;
        assert_eq!(bob.others().await, before);
        for client in [&mut ada, &mut tab, &mut bob] {
            client.silent().await;
        }
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn events_work_after_hibernation() {
    until_hibernated(async || {
        let HibernatingRoom { room, mut ada, mut tab, mut bob } = HibernatingRoom::after_hibernation("events").await;
        ada.send("sayLater", &json!({ "ms": 50, "text": "first" })).await;
        ada.send("say", &json!({ "text": "second" })).await;
        ada.send("users", &json!({})).await;
        let seen = ada.until("seen").await;
        assert_eq!(seen["data"], json!({ "users": ["ada", "ada", "bob"], "room": room }));
        for client in [&mut tab, &mut bob] {
            let frames = client.drain().await;
            assert_eq!(frames.len(), 2, "a wake shows nothing: {frames:?}");
            assert_eq!(texts(&frames), ["first", "second"]);
            for frame in frames {
                assert_eq!(frame["connectionId"], ada.id.as_str());
                assert_eq!((&frame["user"], &frame["room"]), (&json!({ "id": "ada" }), &json!(room)));
            }
        }
        has_slept(&mut bob, 3).await
    })
    .await;
}

#[tokio::test]
async fn a_presence_update_is_merged_with_the_stored_presence() {
    until_hibernated(async || {
        let room = fresh("merge");
        let mut ada = Client::join(&fixture(), LAB, &room, "ada", &json!({ "note": "n", "color": "red" })).await;
        let mut bob = lab(&room, "bob", "").await;
        ada.drain().await;
        assert_eq!(events(&mut bob).await, 1);
        wait_for_hibernation().await;
        ada.send("$updatePresence", &json!({ "presence": { "note": "m" } })).await;
        let merged = json!({ "note": "m", "color": "red" });
        assert_eq!(ada.only("$presenceUpdated").await["data"]["presence"], merged);
        let updated = bob.only("$presenceUpdated").await;
        assert_eq!((&updated["data"]["presence"], &updated["user"]), (&merged, &json!({ "id": "ada" })));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_new_tab_gets_the_stored_presence() {
    until_hibernated(async || {
        let HibernatingRoom { room, mut ada, mut tab, mut bob } = HibernatingRoom::after_hibernation("tab").await;
        let mut new = Client::join(&fixture(), LAB, &room, "ada", &json!({ "note": "third" })).await;
        new.drain().await;
        let kept = json!({ "note": "edited" });
        let others = new.others().await;
        assert_eq!(others.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!((&others[&ada.id]["presence"], &others[&bob.id]["presence"]), (&kept, &json!({ "note": "of bob" })));
        for client in [&mut ada, &mut tab, &mut bob] {
            let frames = client.drain().await;
            assert_eq!(frames.len(), 2, "a join and its welcome: {frames:?}");
            assert_eq!(frames[0]["data"]["presence"], kept);
            assert_eq!(frames[0]["connectionId"], new.id.as_str());
        }
        has_slept(&mut bob, 0).await
    })
    .await;
}

/// Asserts that the exit of a user during hibernation is announced, once.
async fn assert_announced(client: &mut Client, session: &str, last_note: &str) {
    let exit = client.receive().await;
    assert_eq!((&exit["type"], &exit["data"]), (&json!("$exit"), &json!({ "sessionId": session })));
    assert_eq!((&exit["connectionId"], &exit["user"]), (&json!(session), &json!({ "id": "ada" })));
    let farewell = client.receive().await;
    assert_eq!(farewell["type"], "farewell");
    assert_eq!(farewell["data"], json!({ "id": "ada", "note": last_note }));
    client.silent().await;
}

#[tokio::test]
async fn a_close_during_hibernation_is_announced_once() {
    until_hibernated(async || {
        let HibernatingRoom { ada, mut tab, mut bob, .. } = HibernatingRoom::after_hibernation("closes").await;
        let session = ada.id.clone();
        assert_eq!(ada.leave(4001).await, Closed { code: 4001, reason: "bye".to_owned() });
        assert_announced(&mut bob, &session, "edited").await;
        assert_announced(&mut tab, &session, "edited").await;
        assert_eq!(bob.others().await.as_object().map(|others| others.keys().cloned().collect()), Some(vec![tab.id]));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_drop_during_hibernation_is_announced_once() {
    until_hibernated(async || {
        let HibernatingRoom { ada, mut tab, mut bob, .. } = HibernatingRoom::after_hibernation("vanishes").await;
        let session = ada.id.clone();
        ada.drop_connection();
        assert_announced(&mut bob, &session, "edited").await;
        assert_announced(&mut tab, &session, "edited").await;
        assert_eq!(bob.others().await.as_object().map(|others| others.keys().cloned().collect()), Some(vec![tab.id]));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn each_of_many_drops_during_hibernation_is_announced_once() {
    until_hibernated(async || {
        let HibernatingRoom { room, ada, tab, mut bob } = HibernatingRoom::new("many").await;
        let cy = lab(&room, "cy", &"n".repeat(20_000)).await;
        bob.drain().await;
        wait_for_hibernation().await;
        let mut sessions = [ada.id.clone(), tab.id.clone(), cy.id.clone()];
        for client in [ada, tab, cy] {
            client.drop_connection();
        }
        let mut announced = Vec::new();
        for _ in &sessions {
            let exit = bob.until("$exit").await;
            announced.push(exit["data"]["sessionId"].as_str().expect("it names a session").to_owned());
            let farewell = bob.receive().await;
            assert_eq!((&farewell["type"], &farewell["connectionId"]), (&json!("farewell"), &exit["connectionId"]));
            let note = farewell["data"]["note"].as_str().map(str::len);
            assert_eq!(note, Some(if exit["user"]["id"] == "ada" { "edited".len() } else { 20_000 }));
        }
        announced.sort();
        sessions.sort();
        assert_eq!(announced, sessions);
        bob.silent().await;
        assert_eq!(bob.others().await, json!({}));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_pending_handler_prevents_hibernation() {
    let mut ada = lab(&fresh("waits"), "ada", "").await;
    ada.send("sayLater", &json!({ "ms": HIBERNATION_DELAY.as_millis(), "text": "late" })).await;
    assert_eq!(ada.until("said").await["data"]["text"], "late");
    assert_eq!(events(&mut ada).await, 2);
}

#[tokio::test]
async fn a_room_that_all_left_during_hibernation_is_empty() {
    let HibernatingRoom { room, ada, tab, mut bob } = HibernatingRoom::after_hibernation("empty").await;
    ada.leave(1000).await;
    tab.leave(1000).await;
    for _ in 0..2 {
        bob.until("farewell").await;
    }
    bob.leave(1000).await;
    let mut again = Client::open(&fixture(), LAB, &room, "ada").await;
    again.initialize(&json!({ "note": "anew" })).await;
    again.drain().await;
    assert_eq!(again.others().await, json!({}));
    let mut cy = lab(&room, "cy", "").await;
    assert_eq!(cy.others().await[&again.id]["presence"], json!({ "note": "anew" }));
}

#[tokio::test]
async fn pings_are_answered_without_waking_the_room() {
    until_hibernated(async || {
        let HibernatingRoom { mut ada, tab: _tab, mut bob, .. } = HibernatingRoom::new("pings").await;
        for _ in 0..4 {
            tokio::time::sleep(HIBERNATION_DELAY / 4).await;
            ada.send_text(r#"{"type":"$ping","data":{}}"#).await;
            assert_eq!(ada.receive().await, json!({ "type": "$pong", "data": {} }));
        }
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_presence_of_any_size_survives_hibernation() {
    until_hibernated(async || {
        let (long, longer) = ("é".repeat(10_000), "n".repeat(500_000));
        let room = fresh("big");
        let ada = lab(&room, "ada", &long).await;
        let mut bob = lab(&room, "bob", "").await;
        let mut cy = lab(&room, "cy", "").await;
        bob.send("$updatePresence", &json!({ "presence": { "note": longer } })).await;
        for client in [&mut bob, &mut cy] {
            client.drain().await;
        }
        assert_eq!(events(&mut cy).await, 1);
        wait_for_hibernation().await;
        let others = cy.others().await;
        assert!(others[&ada.id]["presence"]["note"] == long);
        assert!(others[&bob.id]["presence"]["note"] == longer);
        let has_slept = has_slept(&mut cy, 0).await;
        let session = ada.id.clone();
        ada.leave(1000).await;
        assert_announced(&mut cy, &session, &long).await;
        has_slept
    })
    .await;
}

#[tokio::test]
async fn the_last_presence_of_any_size_is_announced_with_an_exit_during_hibernation() {
    until_hibernated(async || {
        let long = "n".repeat(20_000);
        let room = fresh("big-leaver");
        let ada = lab(&room, "ada", &long).await;
        let mut bob = lab(&room, "bob", "").await;
        assert_eq!(events(&mut bob).await, 1);
        wait_for_hibernation().await;
        let session = ada.id.clone();
        ada.drop_connection();
        assert_announced(&mut bob, &session, &long).await;
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_handshake_after_hibernation_succeeds() {
    until_hibernated(async || {
        let room = fresh("late");
        let mut ada = lab(&room, "ada", "").await;
        let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
        assert_eq!(events(&mut ada).await, 1);
        wait_for_hibernation().await;
        assert_eq!(ada.others().await, json!({}));
        bob.initialize(&json!({ "note": "late" })).await;
        let joined = ada.until("$userJoined").await;
        assert_eq!((&joined["connectionId"], &joined["user"]), (&json!(bob.id), &json!({ "id": "bob" })));
        assert_eq!(ada.others().await[&bob.id]["presence"], json!({ "note": "late" }));
        has_slept(&mut ada, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_room_without_users_works_after_hibernation() {
    let url = format!("{}/plain/room/{}", fixture(), fresh("plain"));
    let (mut a, mut b) = (connect(&url).await, connect(&url).await);
    for client in [&mut a, &mut b] {
        client.register().await;
        client.initialize(&json!({})).await;
    }
    for client in [&mut a, &mut b] {
        client.drain().await;
    }
    wait_for_hibernation().await;
    a.send("say", &json!({ "text": "hi" })).await;
    a.only("said").await;
    let said = b.only("said").await;
    assert_eq!((&said["connectionId"], &said["user"]), (&json!(a.id), &Value::Null));
    assert_eq!(a.others().await.as_object().map(|others| others.keys().cloned().collect()), Some(vec![b.id.clone()]));
    let session = a.id.clone();
    a.leave(1000).await;
    assert_eq!(b.only("$exit").await["connectionId"], session.as_str());
}

#[tokio::test]
async fn the_wake_event_logs_the_number_of_connections() {
    until_hibernated(async || {
        let room = fresh("logged");
        let mut ada = Client::join(&fixture(), "/watched", &room, "ada", &json!({})).await;
        ada.drain().await;
        wait_for_hibernation().await;
        // An event, which is logged after the wake.
        ada.send("say", &json!({ "text": "hello" })).await;
        ada.until("said").await;
        let entries = event_log_with(&room, |entry| entry["pluv"] == "event").await;
        let wakes: Vec<_> = entries.iter().filter(|entry| entry["pluv"] == "wake").collect();
        if let [_, woken] = &*wakes {
            assert_eq!(woken["connections"], 1, "{entries:?}");
        }
        wakes.len() == 2
    })
    .await;
}
