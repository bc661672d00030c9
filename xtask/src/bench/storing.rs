//! Events that store something: a state, or a row.
//!
//! The subject is the fixture's `Tally`, a room with a state and a table. The reference is the object of the same name in
//! `bench/plain`, which does the same in plain JavaScript: it parses the message, writes one row, and sends the same bytes to
//! all clients. Both are measured in turns.
//!
//! The figure is events a second that reached all clients, each after it was durable.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use pluv_tests::{Client, Message, connect};
use serde_json::{Value, json};

use super::{
    Comparison, Options,
    broadcast::{Broadcast, gather},
    is_below,
    load::{Load, Pace, Workload as _},
    run_clients, table, verdict,
};
use crate::{
    server::{Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// How many clients a room has.
const CLIENTS: [u16; 2] = [5, 50];

/// The events, and what they send.
const EVENTS: [(&str, &str, &str); 2] = [("count", "counted", "a state"), ("note", "noted", "a row")];

/// The least ratio of the room to the reference.
const GOAL: f64 = 0.9;

/// Before each round.
const WARM_UP: Duration = Duration::from_millis(500);

/// The measurements of one event with some clients.
#[derive(Clone, Debug)]
struct Cell {
    clients: u16,
    event: &'static str,
    rates: Comparison,
    /// Rows written for 1,000 events.
    rows: Comparison,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let tools = Tools::install()?;
    let fixture = Worker::fixture();
    fixture.build(Profile::Release, &tools)?;
    let fixture = Server::start_anywhere(&fixture, State::temporary()?)?;
    let plain = Server::start_anywhere(&Worker::plain(), State::temporary()?)?;

    println!("storing: events a second that reach all clients of a room, and rows written for 1,000 of them");
    let mut cells = Vec::new();
    for clients in CLIENTS {
        for (event, reply, name) in EVENTS {
            let measured = run_clients(compare(options, clients, event, reply, [fixture.url(), plain.url()]))?;
            cells.push(Cell { clients, event: name, rates: measured.0, rows: measured.1 });
        }
    }
    println!("{}", summary(&cells));
    Ok(())
}

async fn compare(
    options: &Options,
    clients: u16,
    event: &str,
    reply: &str,
    [subject, reference]: [&str; 2],
) -> Result<(Comparison, Comparison)> {
    let room = format!("{event}-{clients}");
    let request = Message::text(json!({ "type": event, "data": { "text": "x".repeat(64) } }).to_string());
    let (mut subjects, mut references) = (Vec::new(), Vec::new());
    for _ in 0..clients {
        let mut client = connect(&format!("{subject}/tally/room/{room}")).await;
        client.register().await;
        client.initialize(&json!({})).await;
        subjects.push(client);
        references.push(connect(&format!("{reference}/tally/room/{room}")).await);
    }
    let (mut subject, _) = gather(subjects, request.clone(), reply).await?;
    let (mut reference, _) = gather(references, request, reply).await?;
    let (mut rates, mut rows) = (Comparison::default(), Comparison::default());
    for round in 1..=options.rounds {
        let [of_subject, of_reference] =
            [measure(options, &mut subject).await?, measure(options, &mut reference).await?];
        rates.push(of_subject.0, of_reference.0);
        rows.push(of_subject.1, of_reference.1);
        let rounds = options.rounds;
        eprintln!(
            "{event}, {clients} clients, round {round} of {rounds}: room {:.0}, plain {:.0}",
            of_subject.0, of_reference.0
        );
    }
    Ok((rates, rows))
}

/// Returns the events a second, and the rows written for 1,000 events.
async fn measure(options: &Options, load: &mut Load<Broadcast>) -> Result<(f64, f64)> {
    let pace = Pace { warm_up: WARM_UP, measured: Duration::from_secs(options.seconds.into()) };
    let measured = load.rate(pace, options.messages_in_flight.into()).await?;
    let before = written(&mut load.clients[0]).await?;
    let burst = load.burst(1_000, options.messages_in_flight.into()).await?;
    ensure!((burst.completed - 1_000.0).abs() < f64::EPSILON, "{burst:?}");
    Ok((measured.completed / measured.seconds, written(&mut load.clients[0]).await? - before))
}

/// Asks how many rows were written, when no message is under way.
async fn written(client: &mut Client) -> Result<f64> {
    Broadcast::socket(client).send(Message::text(r#"{"type":"written","data":{}}"#)).await;
    let answer: Value = serde_json::from_str(&client.until_text("writtenResult").await)?;
    answer["data"].as_f64().context("it is a number")
}

fn summary(cells: &[Cell]) -> String {
    let title = ["clients", "stores", "room", "plain", "ratio", "rows of room", "of plain"].map(str::to_owned).to_vec();
    let rows = cells.iter().map(|Cell { clients, event, rates, rows }| {
        vec![
            clients.to_string(),
            (*event).to_owned(),
            format!("{:.0}", rates.subject()),
            format!("{:.0}", rates.reference()),
            format!("{:.2}", rates.ratio()),
            format!("{:.0}", rows.subject()),
            format!("{:.0}", rows.reference()),
        ]
    });
    let rows: Vec<_> = std::iter::once(title).chain(rows).collect();
    let below = cells.iter().filter(|cell| is_below(cell.rates.ratio(), GOAL));
    let below: Vec<_> = below
        .map(|cell| format!("{:.3} of {} with {} clients", cell.rates.ratio(), cell.event, cell.clients))
        .collect();
    format!("{}\n{}", table(&rows), verdict(&format!("ratio is at least {GOAL}"), &below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(clients: u16, room: f64, plain: f64) -> Cell {
        let (mut rates, mut rows) = (Comparison::default(), Comparison::default());
        rates.push(room, plain);
        rows.push(1_000.0, 1_000.0);
        Cell { clients, event: "a row", rates, rows }
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let good = summary(&[cell(5, 900.0, 1_000.0)]);
        assert_eq!(good.lines().nth(1), Some("      5   a row   900   1000   0.90          1000      1000"));
        assert_eq!(good.lines().last(), Some("every ratio is at least 0.9"));
        let bad = summary(&[cell(50, 899.0, 1_000.0)]);
        assert_eq!(bad.lines().last(), Some("not every ratio is at least 0.9: 0.899 of a row with 50 clients"));
    }
}
