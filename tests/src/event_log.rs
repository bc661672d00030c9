//! The event log of a room, read from the worker's log.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::{TIMEOUT, base};

/// Returns the lines of the fixture's log that contain `text`.
///
/// # Panics
/// When there is no log.
#[must_use]
pub fn log(text: &str) -> Vec<String> {
    let path = base("PLUV_FIXTURE_LOG");
    let log = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{path}` can't be read: {error}"));
    log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Returns the entries of a room's event log, each of which is one line of JSON.
///
/// # Panics
/// When a line is not JSON.
#[must_use]
pub fn event_log(room: &str) -> Vec<Value> {
    let lines = log(&format!(r#""room":"{room}""#));
    let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: `{line}`"));
    let entries: Vec<Value> = lines.iter().map(read).collect();
    assert!(entries.iter().all(|entry| entry["pluv"].is_string()), "{entries:?}");
    entries
}

/// Waits until `is_expected` is true of an entry, and returns all entries: an event is logged a moment after it happened.
///
/// # Panics
/// When there is no such entry in time.
pub async fn event_log_with(room: &str, is_expected: impl Fn(&Value) -> bool) -> Vec<Value> {
    let pause = Duration::from_millis(50);
    for _ in 0..TIMEOUT.as_millis() / pause.as_millis() {
        let entries = event_log(room);
        if entries.iter().any(&is_expected) {
            return entries;
        }
        sleep(pause).await;
    }
    panic!("the entry is not in the log: {:?}", event_log(room));
}
