//! What the log tells of the life of a room.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::{TIMEOUT, base};

/// The lines of the fixture's log that have `text` in them.
///
/// # Panics
/// When there is no log.
#[must_use]
pub fn log(text: &str) -> Vec<String> {
    let path = base("PLUV_FIXTURE_LOG");
    let log = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{path}` can't be read: {error}"));
    log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// What was logged of a room's life, each line of which is one JSON object.
///
/// # Panics
/// When a line is none.
#[must_use]
pub fn diary(room: &str) -> Vec<Value> {
    let lines = log(&format!(r#""room":"{room}""#));
    let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: `{line}`"));
    let entries: Vec<Value> = lines.iter().map(read).collect();
    assert!(entries.iter().all(|entry| entry["pluv"].is_string()), "{entries:?}");
    entries
}

/// The same, when `is_there` holds of an entry: the log comes a moment later than what it tells of.
///
/// # Panics
/// When there never is such an entry.
pub async fn diary_with(room: &str, is_there: impl Fn(&Value) -> bool) -> Vec<Value> {
    let pause = Duration::from_millis(50);
    for _ in 0..TIMEOUT.as_millis() / pause.as_millis() {
        let entries = diary(room);
        if entries.iter().any(&is_there) {
            return entries;
        }
        sleep(pause).await;
    }
    panic!("it is not in the log: {:?}", diary(room));
}
