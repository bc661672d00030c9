//! Clients of `Lab`, the fixture's room with all features but a document.

use serde_json::{Value, json};

use crate::{Client, fixture};

/// The path of that room.
pub const LAB: &str = "/lab";

/// Connects the user `id`, joins with a note, and reads everything up to now.
pub async fn lab(room: &str, id: &str, note: &str) -> Client {
    let mut client = Client::join(&fixture(), LAB, room, id, &json!({ "note": note })).await;
    client.drain().await;
    client
}

/// Connects users one after another, each of which joins and reads everything up to now.
///
/// # Panics
/// Never: each id has a client.
pub async fn together<const N: usize>(room: &str, ids: [&str; N]) -> [Client; N] {
    let mut clients = Vec::with_capacity(N);
    for id in ids {
        clients.push(lab(room, id, "").await);
    }
    for client in &mut clients {
        client.drain().await;
    }
    clients.try_into().expect("each id has a client")
}

/// Returns the texts of the `said` events among these frames, in order.
#[must_use]
pub fn texts(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter(|frame| frame["type"] == "said").filter_map(|frame| frame["data"]["text"].as_str()).collect()
}
