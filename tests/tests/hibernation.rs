//! A room that sleeps in the middle of a session, with its connections open.

use serde_json::{Value, json};
use tests::{Client, Closed, LAB, SILENCE, connect, diary_with, fixture, fresh, lab, silence, texts, until_asleep};

/// A room with a user who has two tabs and a note of their own, and another user.
struct Asleep {
    room: String,
    ada: Client,
    tab: Client,
    bob: Client,
}

impl Asleep {
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

    async fn after_silence(name: &str) -> Self {
        let room = Self::new(name).await;
        silence().await;
        room
    }
}

/// How many events this instance of the room was sent, this one included.
async fn events(client: &mut Client) -> u64 {
    client.send("age", &json!({})).await;
    client.until("aged").await["data"]["events"].as_u64().expect("it is a number")
}

/// Whether the room slept: it was sent `before` events since it was made.
async fn has_slept(client: &mut Client, before: u64) -> bool {
    events(client).await == before + 1
}

#[tokio::test]
async fn everyone_is_known_as_before() {
    until_asleep(async || {
        let Asleep { mut ada, mut tab, mut bob, .. } = Asleep::new("known").await;
        let before = bob.others().await;
        assert_eq!(before[&ada.id]["presence"], json!({ "note": "edited" }));
        assert!(before[&tab.id]["timers"]["presence"].is_u64());
        silence().await;
        assert_eq!(bob.others().await, before);
        for client in [&mut ada, &mut tab, &mut bob] {
            client.silent().await;
        }
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn events_go_on_as_before() {
    until_asleep(async || {
        let Asleep { room, mut ada, mut tab, mut bob } = Asleep::after_silence("events").await;
        ada.send("sayLater", &json!({ "ms": 50, "text": "first" })).await;
        ada.send("say", &json!({ "text": "second" })).await;
        ada.send("look", &json!({})).await;
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
async fn a_presence_is_merged_onto_what_was_kept() {
    until_asleep(async || {
        let room = fresh("merge");
        let mut ada = Client::join(&fixture(), LAB, &room, "ada", &json!({ "note": "n", "color": "red" })).await;
        let mut bob = lab(&room, "bob", "").await;
        ada.drain().await;
        assert_eq!(events(&mut bob).await, 1);
        silence().await;
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
async fn a_new_tab_is_given_the_presence_that_was_kept() {
    until_asleep(async || {
        let Asleep { room, mut ada, mut tab, mut bob } = Asleep::after_silence("tab").await;
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

/// What is told of a user who left while the room slept: once.
async fn assert_told(client: &mut Client, session: &str, last_note: &str) {
    let exit = client.receive().await;
    assert_eq!((&exit["type"], &exit["data"]), (&json!("$exit"), &json!({ "sessionId": session })));
    assert_eq!((&exit["connectionId"], &exit["user"]), (&json!(session), &json!({ "id": "ada" })));
    let farewell = client.receive().await;
    assert_eq!(farewell["type"], "farewell");
    assert_eq!(farewell["data"], json!({ "id": "ada", "note": last_note }));
    client.silent().await;
}

#[tokio::test]
async fn who_closes_meanwhile_is_told_once() {
    until_asleep(async || {
        let Asleep { ada, mut tab, mut bob, .. } = Asleep::after_silence("closes").await;
        let session = ada.id.clone();
        assert_eq!(ada.leave(4001).await, Closed { code: 4001, reason: "bye".to_owned() });
        assert_told(&mut bob, &session, "edited").await;
        assert_told(&mut tab, &session, "edited").await;
        assert_eq!(bob.others().await.as_object().map(|others| others.keys().cloned().collect()), Some(vec![tab.id]));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn who_is_cut_off_meanwhile_is_told_once() {
    until_asleep(async || {
        let Asleep { ada, mut tab, mut bob, .. } = Asleep::after_silence("vanishes").await;
        let session = ada.id.clone();
        ada.drop_connection();
        assert_told(&mut bob, &session, "edited").await;
        assert_told(&mut tab, &session, "edited").await;
        assert_eq!(bob.others().await.as_object().map(|others| others.keys().cloned().collect()), Some(vec![tab.id]));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn each_of_many_who_are_cut_off_meanwhile_is_told_once() {
    until_asleep(async || {
        let Asleep { room, ada, tab, mut bob } = Asleep::new("many").await;
        let cy = lab(&room, "cy", &"n".repeat(20_000)).await;
        bob.drain().await;
        silence().await;
        let mut sessions = [ada.id.clone(), tab.id.clone(), cy.id.clone()];
        for client in [ada, tab, cy] {
            client.drop_connection();
        }
        let mut told = Vec::new();
        for _ in &sessions {
            let exit = bob.until("$exit").await;
            told.push(exit["data"]["sessionId"].as_str().expect("it names a session").to_owned());
            let farewell = bob.receive().await;
            assert_eq!((&farewell["type"], &farewell["connectionId"]), (&json!("farewell"), &exit["connectionId"]));
            let note = farewell["data"]["note"].as_str().map(str::len);
            assert_eq!(note, Some(if exit["user"]["id"] == "ada" { "edited".len() } else { 20_000 }));
        }
        told.sort();
        sessions.sort();
        assert_eq!(told, sessions);
        bob.silent().await;
        assert_eq!(bob.others().await, json!({}));
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_waits_keeps_the_room_awake() {
    let mut ada = lab(&fresh("waits"), "ada", "").await;
    ada.send("sayLater", &json!({ "ms": SILENCE.as_millis(), "text": "late" })).await;
    assert_eq!(ada.until("said").await["data"]["text"], "late");
    assert_eq!(events(&mut ada).await, 2);
}

#[tokio::test]
async fn a_room_that_everyone_left_meanwhile_is_empty() {
    let Asleep { room, ada, tab, mut bob } = Asleep::after_silence("empty").await;
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
async fn pings_are_answered_and_do_not_wake_the_room() {
    until_asleep(async || {
        let Asleep { mut ada, tab: _tab, mut bob, .. } = Asleep::new("pings").await;
        for _ in 0..4 {
            tokio::time::sleep(SILENCE / 4).await;
            ada.send_text(r#"{"type":"$ping","data":{}}"#).await;
            assert_eq!(ada.receive().await, json!({ "type": "$pong", "data": {} }));
        }
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_presence_of_any_size_is_kept() {
    until_asleep(async || {
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
        silence().await;
        let others = cy.others().await;
        assert!(others[&ada.id]["presence"]["note"] == long);
        assert!(others[&bob.id]["presence"]["note"] == longer);
        let has_slept = has_slept(&mut cy, 0).await;
        let session = ada.id.clone();
        ada.leave(1000).await;
        assert_told(&mut cy, &session, &long).await;
        has_slept
    })
    .await;
}

#[tokio::test]
async fn the_last_presence_of_any_size_is_told_of_who_leaves_meanwhile() {
    until_asleep(async || {
        let long = "n".repeat(20_000);
        let room = fresh("big-leaver");
        let ada = lab(&room, "ada", &long).await;
        let mut bob = lab(&room, "bob", "").await;
        assert_eq!(events(&mut bob).await, 1);
        silence().await;
        let session = ada.id.clone();
        ada.drop_connection();
        assert_told(&mut bob, &session, &long).await;
        has_slept(&mut bob, 0).await
    })
    .await;
}

#[tokio::test]
async fn a_handshake_may_come_late() {
    until_asleep(async || {
        let room = fresh("late");
        let mut ada = lab(&room, "ada", "").await;
        let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
        assert_eq!(events(&mut ada).await, 1);
        silence().await;
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
async fn a_room_without_users_goes_on_too() {
    let url = format!("{}/plain/room/{}", fixture(), fresh("plain"));
    let (mut a, mut b) = (connect(&url).await, connect(&url).await);
    for client in [&mut a, &mut b] {
        client.register().await;
        client.initialize(&json!({})).await;
    }
    for client in [&mut a, &mut b] {
        client.drain().await;
    }
    silence().await;
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
async fn a_room_that_logs_its_life_tells_with_how_many_it_woke() {
    until_asleep(async || {
        let room = fresh("logged");
        let mut ada = Client::join(&fixture(), "/watched", &room, "ada", &json!({})).await;
        ada.drain().await;
        silence().await;
        // An event, which is logged after the wake.
        ada.send("say", &json!({ "text": "hello" })).await;
        ada.until("said").await;
        let entries = diary_with(&room, |entry| entry["pluv"] == "event").await;
        let wakes: Vec<_> = entries.iter().filter(|entry| entry["pluv"] == "wake").collect();
        if let [_, woken] = &*wakes {
            assert_eq!(woken["connections"], 1, "{entries:?}");
        }
        wakes.len() == 2
    })
    .await;
}
