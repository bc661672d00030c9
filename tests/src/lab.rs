//! Clients of the fixture's room with everything.

use serde_json::{Value, json};

use crate::{Client, fixture};

/// Where that room is.
pub const LAB: &str = "/lab";

/// The user `id`, who has joined with a note and has read all of it.
pub async fn lab(room: &str, id: &str, note: &str) -> Client {
    let mut client = Client::join(&fixture(), LAB, room, id, &json!({ "note": note })).await;
    client.drain().await;
    client
}

/// Users who have joined one after another, each of whom has read all of it.
///
/// # Panics
/// Never: there is a client of each.
pub async fn together<const N: usize>(room: &str, ids: [&str; N]) -> [Client; N] {
    let mut clients = Vec::with_capacity(N);
    for id in ids {
        clients.push(lab(room, id, "").await);
    }
    for client in &mut clients {
        client.drain().await;
    }
    clients.try_into().expect("there is a client of each")
}

/// What was said in these frames, in order.
#[must_use]
pub fn texts(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter(|frame| frame["type"] == "said").filter_map(|frame| frame["data"]["text"].as_str()).collect()
}
