//! Rooms whose tasks and ticks panic.

use serde_json::{Value, json};
use tests::{Client, faults, fresh};

use crate::exclusive;

const AGENDA: &str = "/agenda";
const METRONOME: &str = "/metronome";

async fn join(path: &str, room: &str, id: &str) -> Client {
    Client::join(&faults(), path, room, id, &json!({ "note": "" })).await
}

/// Schedules tasks that panic so many times, for the same time.
async fn plan(client: &mut Client, tasks: &[(&str, u32)]) {
    let plans = tasks.iter().map(|(name, panics)| {
        let kind = if *panics > 0 { "unlucky" } else { "plain" };
        json!({ "name": name, "after": 500, "kind": kind, "panics": panics })
    });
    client.send("plan", &json!({ "plans": plans.collect::<Vec<_>>() })).await;
    client.until("planResult").await;
}

async fn records(client: &mut Client) -> Value {
    client.send("records", &json!({})).await;
    client.until("recordsResult").await["data"].clone()
}

#[tokio::test]
async fn a_task_that_panics_runs_again_and_harms_no_other_room() {
    let _guard = exclusive().await;
    let (room, other) = (fresh("panics"), fresh("bystander"));
    let (mut ada, mut bob) = (join(AGENDA, &room, "ada").await, join(AGENDA, &other, "bob").await);
    plan(&mut bob, &[("of bob", 0)]).await;
    plan(&mut ada, &[("unlucky", 1)]).await;
    assert_eq!(bob.until("ran").await["data"]["name"], "of bob");
    let ran = ada.until("ran").await;
    assert_eq!(ran["data"], json!({ "name": "unlucky", "is_early": false }));
    for (client, name) in [(&mut ada, "unlucky"), (&mut bob, "of bob")] {
        let records = records(client).await;
        assert_eq!((&records["state"], &records["rows"]), (&json!([name]), &json!([name])), "it ran once");
        assert_eq!((&records["scheduled"], &records["failed"]), (&json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn tasks_that_are_due_with_one_that_panics_do_not_wait_for_it() {
    let _guard = exclusive().await;
    let mut ada = join(AGENDA, &fresh("together"), "ada").await;
    plan(&mut ada, &[("first", 0), ("unlucky", 1), ("second", 0), ("third", 0)]).await;
    for name in ["first", "second", "third", "unlucky"] {
        assert_eq!(ada.until("ran").await["data"]["name"], name);
    }
}

#[tokio::test]
async fn ticks_restart_by_the_next_event_after_a_panic() {
    let _guard = exclusive().await;
    let room = fresh("jammed");
    let (mut ada, mut bob) = (join(METRONOME, &room, "ada").await, join(METRONOME, &room, "bob").await);
    for client in [&mut ada, &mut bob] {
        client.until("ticked").await;
        client.drain().await;
    }
    ada.send("jam", &json!({})).await;
    // An instance counts anew.
    while !bob.drain().await.iter().any(|frame| frame["data"]["count"] == 1) {}
}

#[tokio::test]
async fn ticks_restart_by_an_alarm_after_a_panic_without_an_event() {
    let _guard = exclusive().await;
    let mut ada = join(METRONOME, &fresh("jammed"), "ada").await;
    ada.until("ticked").await;
    ada.send("jam", &json!({})).await;
    while ada.until("ticked").await["data"]["count"] != 1 {}
}
