//! Rooms that hibernate.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::TIMEOUT;

/// Longer than the 10 seconds without an event after which workerd hibernates a room.
pub const SILENCE: Duration = Duration::from_secs(12);

/// Lets a time pass in which nobody speaks, so that a room hibernates.
pub async fn silence() {
    sleep(SILENCE).await;
}

/// Plays a scenario until the room hibernated in its silence, which nothing shows but its next wake. It begins with a room
/// of its own each time, and returns whether that room woke.
///
/// # Panics
/// When the room never hibernates.
pub async fn until_asleep(scenario: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !scenario().await {
        assert!(begun.elapsed() < TIMEOUT, "the room did not hibernate within {TIMEOUT:?}");
    }
}
