//! What the fixture's own routes do with its rooms.

use crate::{fixture, post};

/// What such a route does with a room, and its answer.
///
/// # Panics
/// When it fails.
pub async fn steer(room: &str, what: &str, text: &str) -> String {
    let answer = post(&fixture(), &format!("/steer/{room}/{what}"), text).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}
