//! Rooms that hibernate.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::TIMEOUT;

/// Longer than the 10 seconds without an event after which workerd hibernates a room.
pub const HIBERNATION_DELAY: Duration = Duration::from_secs(12);

/// Waits without any message, so that a room hibernates.
pub async fn wait_for_hibernation() {
    sleep(HIBERNATION_DELAY).await;
}

/// Repeats a scenario until its room hibernated, which only the next wake can show. A scenario uses a new room each time, and
/// returns whether that room woke from hibernation.
///
/// # Panics
/// When the room never hibernates.
pub async fn until_hibernated(scenario: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !scenario().await {
        assert!(start.elapsed() < TIMEOUT, "the room did not hibernate within {TIMEOUT:?}");
    }
}
