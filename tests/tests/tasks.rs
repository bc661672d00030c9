//! Tasks and ticks of rooms, also of those that hibernate or that everybody has left.

use serde_json::{Value, json};
use tests::{Client, control, event_log, event_log_with, fixture, fresh, until_hibernated, wait_for_hibernation};

const AGENDA: &str = "/agenda";
const METRONOME: &str = "/metronome";

/// Longer than it takes until a room hibernates.
const AFTER_HIBERNATION: u64 = 14_000;

async fn join(path: &str, room: &str, id: &str) -> Client {
    Client::join(&fixture(), path, room, id, &json!({ "note": "" })).await
}

/// Calls a procedure.
async fn call(client: &mut Client, name: &str, data: &Value) -> Value {
    client.send(name, data).await;
    client.until(&format!("{name}Result")).await["data"].clone()
}

/// Schedules a task.
async fn plan(client: &mut Client, kind: &str, name: &str, after: u64, takes: u64) {
    let plan = json!({ "name": name, "after": after, "kind": kind, "takes": takes });
    let ids = call(client, "plan", &json!({ "plans": [plan] })).await;
    assert_eq!(ids.as_array().map(Vec::len), Some(1));
}

async fn records(client: &mut Client) -> Value {
    call(client, "records", &json!({})).await
}

/// Returns the entries of a kind in the event log, each with its place.
fn entries(log: &[Value], kind: &str) -> Vec<(usize, Value)> {
    log.iter().enumerate().filter(|(_, entry)| entry["pluv"] == kind).map(|(at, entry)| (at, entry.clone())).collect()
}

/// Whether it is the end of a run of the task or tick `name`.
fn is_run(entry: &Value, name: &str) -> bool {
    entry["pluv"] == "hook" && entry["name"] == name
}

#[tokio::test]
async fn a_task_runs_at_its_time_after_hibernation() {
    until_hibernated(async || {
        let room = fresh("asleep");
        let mut ada = join(AGENDA, &room, "ada").await;
        plan(&mut ada, "plain", "later", AFTER_HIBERNATION, 0).await;
        wait_for_hibernation().await;
        let ran = ada.until("ran").await;
        assert_eq!(ran["data"], json!({ "name": "later", "is_early": false }));
        let records = records(&mut ada).await;
        assert_eq!((&records["state"], &records["rows"]), (&json!(["later"]), &json!(["later"])));
        assert_eq!(records["scheduled"], 0);
        let log = event_log_with(&room, |entry| is_run(entry, "meet")).await;
        entries(&log, "wake").len() == 2
    })
    .await;
}

#[tokio::test]
async fn a_task_runs_in_a_room_that_everybody_has_left() {
    until_hibernated(async || {
        let room = fresh("empty");
        let mut ada = join(AGENDA, &room, "ada").await;
        plan(&mut ada, "plain", "alone", AFTER_HIBERNATION, 0).await;
        ada.leave(1000).await;
        let log = event_log_with(&room, |entry| is_run(entry, "meet")).await;
        let wakes = entries(&log, "wake");
        let mut bob = join(AGENDA, &room, "bob").await;
        let records = records(&mut bob).await;
        assert_eq!((&records["state"], &records["scheduled"]), (&json!(["alone"]), &json!(0)));
        wakes.len() == 2 && wakes[1].1["connections"] == 0
    })
    .await;
}

#[tokio::test]
async fn a_task_that_takes_its_time_delays_no_other() {
    let room = fresh("slow");
    let mut ada = join(AGENDA, &room, "ada").await;
    plan(&mut ada, "slow", "slow", 10, 10_000).await;
    plan(&mut ada, "plain", "known before", 1_000, 0).await;
    // The slow one runs by then.
    assert_eq!(ada.until("ran").await["data"]["name"], "known before");
    plan(&mut ada, "plain", "planned meanwhile", 100, 0).await;
    assert_eq!(ada.until("ran").await["data"]["name"], "planned meanwhile");
    assert_eq!(ada.until("ran").await["data"]["name"], "slow");
}

#[tokio::test]
async fn a_task_that_fails_for_good_is_reported_and_kept() {
    let room = fresh("fails");
    let mut ada = join(AGENDA, &room, "ada").await;
    plan(&mut ada, "hopeless", "hopeless", 10, 0).await;
    let failed = ada.until("failed").await;
    assert_eq!(failed["data"], json!({ "name": "fail", "error": "it can't be done" }));
    let records = records(&mut ada).await;
    assert_eq!(records["state"], json!(["fail"]), "the hook changes things, and the task did not");
    assert_eq!((&records["scheduled"], &records["failed"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn a_deletion_removes_tasks() {
    let room = fresh("deleted");
    let mut ada = join(AGENDA, &room, "ada").await;
    plan(&mut ada, "plain", "soon", 2_000, 0).await;
    plan(&mut ada, "slow", "now", 0, 2_000).await;
    assert_eq!(control(&room, "agenda/delete", "").await, "done");
    assert_eq!(ada.closed().await.code, 4000);
    let mut bob = join(AGENDA, &room, "bob").await;
    let expected = json!({ "state": [], "rows": [], "scheduled": 0, "failed": 0 });
    let mut found = records(&mut bob).await;
    found.as_object_mut().map(|found| found.remove("asked"));
    assert_eq!(found, expected);
    // A task of the room that is new runs after the time of those that are gone.
    plan(&mut bob, "plain", "new", 3_000, 0).await;
    assert_eq!(bob.until("ran").await["data"]["name"], "new");
    assert_eq!(records(&mut bob).await["state"], json!(["new"]));
}

#[tokio::test]
async fn ticks_run_while_someone_is_connected_and_then_the_room_hibernates() {
    until_hibernated(async || {
        let room = fresh("ticks");
        let (mut ada, mut bob) = (join(METRONOME, &room, "ada").await, join(METRONOME, &room, "bob").await);
        let first = ada.until("ticked").await["data"]["count"].as_u64();
        for count in 1..40 {
            let ticked = ada.until("ticked").await;
            let expected = json!({ "count": first.map(|first| first + count), "is_hasty": false });
            assert_eq!(ticked["data"], expected, "each reaches everyone once");
        }
        ada.leave(1000).await;
        bob.until("$exit").await;
        bob.until("ticked").await;
        let last = bob.id.clone();
        bob.leave(1000).await;
        event_log_with(&room, |entry| entry["pluv"] == "leave" && entry["session"] == last.as_str()).await;
        wait_for_hibernation().await;
        let log = event_log(&room);
        let left = entries(&log, "leave").last().map(|(at, _)| *at);
        assert!(log.iter().skip(left.unwrap_or_default()).all(|entry| !is_run(entry, "beat")), "{log:?}");
        let mut cy = join(METRONOME, &room, "cy").await;
        // A new instance counts anew, while she joins too.
        let count = cy.until("ticked").await["data"]["count"].as_u64();
        count < first.map(|first| first + 39)
    })
    .await;
}
