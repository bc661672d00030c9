//! Messages of some clients to all clients of their room.
//!
//! The subject is the chat example: the client sends `sendMessage`, the room checks and decodes it, calls the example's
//! handler, and encodes what that broadcasts. The reference is `bench/floor`, a Durable Object in JavaScript that sends
//! each frame as it is to every socket. Its client sends the very frame that the chat room broadcasts, so that all
//! clients of both receive the same bytes. Both go through wrangler's proxy.
//!
//! What counts is deliveries: frames that reached a client, of all clients together, a second.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::{runtime, task::LocalSet};

use super::{
    Options,
    compare::Comparison,
    load::{Audience, Pace, connect, join_chat},
    table,
    verdict::{misses, verdict},
};
use crate::{
    server::{Server, State},
    tools,
    worker::{Profile, Worker},
};

/// What the chat room has to reach of the reference.
const GOAL: f64 = 0.8;

/// Before each round.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) fn run(options: &Options) -> Result<()> {
    let tools = tools::Tools::install()?;
    let chat = Worker::example("chat")?;
    chat.build(Profile::Release, &tools)?;
    let chat = Server::start_anywhere(&chat, State::temporary()?)?;
    let floor = Server::start_anywhere(&Worker::floor(), State::temporary()?)?;

    println!("broadcast: deliveries a second, to all clients of a room together");
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut results = Vec::new();
    for clients in &options.clients {
        let comparison = compare(options, *clients, chat.url(), floor.url());
        results.push((*clients, LocalSet::new().block_on(&runtime, comparison)?));
    }
    println!("{}", summary(&results));
    Ok(())
}

async fn compare(options: &Options, clients: u16, chat: &str, floor: &str) -> Result<Comparison> {
    let window = usize::from(options.messages_in_flight);
    let pace = Pace { warm_up: WARM_UP, measured: Duration::from_secs(options.seconds.into()) };
    let mut chat = gather_chat(chat, clients, window).await?;
    let mut floor = gather_floor(floor, clients, window, chat.frame()).await?;
    let mut comparison = Comparison::default();
    for round in 1..=options.rounds {
        let (subject, reference) = (chat.rate(pace).await?, floor.rate(pace).await?);
        comparison.push(subject, reference);
        let rounds = options.rounds;
        eprintln!("{clients} clients, round {round} of {rounds}: chat {subject:.0}, floor {reference:.0}");
    }
    Ok(comparison)
}

async fn gather_chat(server: &str, clients: u16, window: usize) -> Result<Audience> {
    let room = format!("bench-{clients}");
    let mut sockets = Vec::new();
    for client in 0..clients {
        sockets.push(join_chat(server, &room, &format!("user-{client}")).await?);
    }
    let request = json!({ "type": "sendMessage", "data": { "message": "x".repeat(64) } });
    let is_message =
        |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|frame| frame["type"] == "messageReceived");
    Audience::gather(sockets, request.to_string().into(), is_message, window).await
}

async fn gather_floor(server: &str, clients: u16, window: usize, frame: &str) -> Result<Audience> {
    let mut sockets = Vec::new();
    for _ in 0..clients {
        sockets.push(connect(server, &format!("/room/bench-{clients}")).await?);
    }
    Audience::gather(sockets, frame.into(), |text| text == frame, window).await
}

fn summary(results: &[(u16, Comparison)]) -> String {
    let title = ["clients", "chat", "floor", "ratio"].map(str::to_owned).to_vec();
    let rows = results.iter().map(|(clients, comparison)| {
        let (chat, floor) = (comparison.subject(), comparison.reference());
        vec![clients.to_string(), format!("{chat:.0}"), format!("{floor:.0}"), format!("{:.2}", comparison.ratio())]
    });
    let rows: Vec<_> = std::iter::once(title).chain(rows).collect();
    format!("{}\n{}", table::format(&rows), slow(results))
}

/// Where the reference is too much faster.
fn slow(results: &[(u16, Comparison)]) -> String {
    let below: Vec<_> = results
        .iter()
        .map(|(clients, comparison)| (clients, comparison.ratio()))
        .filter(|(_, ratio)| misses(*ratio, GOAL))
        .map(|(clients, ratio)| format!("{ratio:.3} with {clients} clients"))
        .collect();
    verdict(&format!("ratio is at least {GOAL}"), &below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(clients: u16, chat: f64, floor: f64) -> (u16, Comparison) {
        let mut comparison = Comparison::default();
        comparison.push(chat, floor);
        (clients, comparison)
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let good = summary(&[result(10, 900.0, 1000.0), result(50, 800.0, 1000.0)]);
        assert_eq!(good.lines().last(), Some("every ratio is at least 0.8"));
        assert_eq!(good.lines().nth(1), Some("     10   900   1000   0.90"));
        let bad = summary(&[result(10, 900.0, 1000.0), result(50, 799.0, 1000.0)]);
        assert_eq!(bad.lines().last(), Some("not every ratio is at least 0.8: 0.799 with 50 clients"));
    }
}
