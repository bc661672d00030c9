//! Requests to the fixture's own routes, which control its rooms.

use crate::{fixture, post};

/// Performs the action `what` on a room, and returns the answer.
///
/// # Panics
/// When the action fails.
pub async fn control(room: &str, what: &str, text: &str) -> String {
    let answer = post(&fixture(), &format!("/control/{room}/{what}"), text).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}
