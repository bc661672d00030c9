//! The event log of a room with the option `debug`.

use serde_json::{Value, json};
use tests::{Client, Provider, event_log_with, fixture, fresh, get, log};

const WATCHED: &str = "/watched";

/// Returns the entries of a kind.
fn of<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|entry| entry["pluv"] == kind).collect()
}

/// Receives up to this text.
async fn until_text(client: &mut Client, text: &str) {
    while client.until("said").await["data"]["text"] != text {}
}

#[tokio::test]
async fn the_event_log_has_no_contents_of_messages() {
    let room = fresh("logged");
    let token = get(&fixture(), &format!("{WATCHED}/authorize?room={room}&user_id=the+user")).await.body;
    let mut ada = Client::open_with(&fixture(), WATCHED, &room, &token).await;
    ada.initialize(&json!({ "note": "the note" })).await;
    let mut bob = Provider::join_at(WATCHED, &room, "bob").await;
    bob.send_awareness(&json!({ "name": "the name" })).await;
    bob.write(0, "the text").await;
    until_text(&mut ada, "changed by bob").await;
    for event in ["say", "fail", "the event"] {
        ada.send(event, &json!({ "text": "the words" })).await;
    }
    ada.send_text("the frame").await;
    ada.send("evict", &json!({ "text": "bob" })).await;
    assert_eq!(bob.closed().await.code, 4403);
    let session = ada.id.clone();
    ada.leave(1000).await;
    let entries = event_log_with(&room, |entry| entry["name"] == "on_room_deleted").await;
    let mut names = vec![(json!(""), ""), (json!(session), "ada")];
    names.extend(of(&entries, "connect").iter().skip(1).map(|entry| (entry["session"].clone(), "bob")));
    let logged = entries.iter().map(|entry| {
        let who = names.iter().find(|(id, _)| entry["session"] == *id).map_or("nobody", |(_, name)| name);
        let what: Vec<_> = ["pluv", "protocol", "connections", "name", "failed", "edits", "code"]
            .iter()
            .filter_map(|field| entry.get(field))
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        format!("{who}: {}", what.join(" "))
    });
    let expected = [
        "nobody: wake 0",
        "ada: connect pluv",
        "ada: join",
        "ada: hook on_user_connected false",
        "bob: connect yjs",
        "bob: join",
        "bob: hook on_user_connected false",
        "nobody: store 1",
        "nobody: alarm",
        "bob: hook on_storage_updated false",
        "ada: event say false",
        "ada: event fail true",
        "ada: event null false",
        "ada: refused",
        "ada: event evict false",
        "bob: evict 4403",
        "bob: leave 4403",
        "ada: leave null",
        ": hook on_room_deleted false",
    ];
    assert_eq!(logged.collect::<Vec<_>>(), expected, "{entries:#?}");
    let others = log(&room).len() - entries.len();
    assert_eq!(others, log(&format!("/{room} ")).len(), "the rest are the requests, which wrangler logs");
    for secret in
        ["the user", "the+user", "the note", "the name", "the text", "the words", "the event", "the frame", &token]
    {
        assert_eq!(log(secret), [""; 0], "`{secret}`");
    }
}
