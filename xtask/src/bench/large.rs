//! Documents as large as they may be: their cost, and that everything still works.
//!
//! Each has a server of its own, so that the memory is that of the one room. Clients join, and edit until the room has
//! replaced its log of edits by a snapshot; then the server is restarted, and one joins again.
//!
//! How long a room takes to wake is measured the same way, with smaller documents. Beside it is the join of a second client,
//! who finds the room awake.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use pluv_tests::Client;
use serde_json::json;

use super::{
    editors::{Joined, Protocol, gather},
    median, run_clients, size, table,
};
use crate::{
    process,
    server::{Server, State},
    worker::Worker,
};

/// The second one is as long as a room takes, with something left for the edits.
const DOCUMENTS: [u32; 2] = [5_000_000, 9_900_000];

const EDITORS: usize = 5;
const WINDOW: u64 = 8;

/// The edits after which the room is asked for its usage.
const BATCH: u64 = 1_000;

/// How often. Longer than any log should grow.
const BATCHES: u64 = 60;

const ROOM: &str = "large";

/// The result of the clients that edited.
#[derive(Debug)]
struct Edited {
    /// The longest that one of the clients took to join.
    join: Duration,
    edits: u64,
    rate: f64,
    /// The longest that an edit took to reach all others.
    longest: Duration,
    rows: u64,
    memory: u64,
}

pub(super) fn run(fixture: &Worker) -> Result<()> {
    let title =
        ["document", "join", "edits", "a second", "longest", "rows per 1000", "join after restart", "wasm memory"];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    let measured = DOCUMENTS.into_iter().try_for_each(|document| {
        let name = size(document.into());
        process::step(&format!("editing a document of {name}"));
        rows.push(measure(document, fixture).with_context(|| format!("a document of {name}"))?);
        Ok(())
    });
    println!("large: {EDITORS} clients that edit until the log is compacted, {WINDOW} edits in flight; milliseconds");
    println!("{}", table(&rows));
    measured
}

/// The row of a document.
fn measure(document: u32, fixture: &Worker) -> Result<Vec<String>> {
    let scratch = process::temporary_directory()?;
    let start = || Server::start_anywhere(fixture, State::Kept(scratch.path().to_owned()));
    let server = start()?;
    let edited = run_clients(edit(server.url(), document))?;
    drop(server);
    let server = start()?;
    let (again, memory) = run_clients(join_again(server.url(), document))?;
    Ok(row(document, &edited, again, memory))
}

async fn edit(server: &str, document: u32) -> Result<Edited> {
    let (mut editors, joins) = gather::<Client>(&url(server, ROOM), document, EDITORS).await?;
    let join = *joins[1..].iter().max().unwrap_or(&Duration::ZERO);
    let before = usage(&mut editors.clients[0]).await?;
    let (mut bytes, mut edits, mut seconds) = (before.bytes, 0.0, 0.0);
    for batches in 1..=BATCHES {
        let edited = editors.burst(BATCH, WINDOW).await?;
        edits += edited.completed;
        seconds += edited.seconds;
        let now = usage(&mut editors.clients[0]).await?;
        let is_compacted = now.bytes < bytes;
        bytes = now.bytes;
        if is_compacted {
            editors.workload.check(&Client::join_room(&url(server, ROOM)).await?.state)?;
            return Ok(Edited {
                join,
                edits: batches * BATCH,
                rate: edits / seconds,
                longest: edited.longest,
                rows: now.rows_written - before.rows_written,
                memory: usage(&mut editors.clients[0]).await?.memory,
            });
        }
    }
    bail!("{edits} edits were not compacted")
}

async fn join_again(server: &str, document: u32) -> Result<(Duration, u64)> {
    let Joined { mut client, state, took } = Client::join_room(&url(server, ROOM)).await?;
    ensure!(state.len() >= document as usize, "a restart lost a part of the document");
    Ok((took, usage(&mut client).await?.memory))
}

fn row(document: u32, edited: &Edited, again: Duration, memory: u64) -> Vec<String> {
    vec![
        size(document.into()),
        edited.join.as_millis().to_string(),
        edited.edits.to_string(),
        format!("{:.0}", edited.rate),
        edited.longest.as_millis().to_string(),
        (edited.rows * 1000 / edited.edits).to_string(),
        again.as_millis().to_string(),
        size(edited.memory.max(memory)),
    ]
}

/// Returns the URL of a room of the fixture that takes as large a document as there can be.
fn url(server: &str, room: &str) -> String {
    format!("{server}/large/room/{room}")
}

/// The resources of a room and its worker.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Of the document in storage.
    bytes: u64,
    /// Since the room last woke.
    rows_written: u64,
    /// The most that the worker had so far, in bytes.
    memory: u64,
}

/// Asks a room for its usage.
async fn usage(client: &mut Client) -> Result<Usage> {
    client.send("usage", &json!({})).await;
    let frame = client.until("used").await;
    let number = |key: &str| frame["data"][key].as_u64().with_context(|| format!("a room sends no {key}"));
    Ok(Usage { bytes: number("bytes")?, rows_written: number("rows")?, memory: number("memory")? })
}

const WAKE_DOCUMENTS: [u32; 2] = [1_000, 1_000_000];

/// How many rooms of each document are woken.
const WAKE_ROOMS: u32 = 7;

/// A room that is woken before those that count: the worker's first one waits for its code.
const FIRST_ROOM: &str = "wake-first";

/// Times of several rooms with like documents, in milliseconds.
#[derive(Debug, Default)]
struct Times {
    asleep: Vec<f64>,
    awake: Vec<f64>,
}

pub(super) fn run_wakes(fixture: &Worker) -> Result<()> {
    let scratch = process::temporary_directory()?;
    let start = || Server::start_anywhere(fixture, State::Kept(scratch.path().to_owned()));
    let server = start()?;
    run_clients(fill(server.url()))?;
    drop(server);
    let server = start()?;
    let times = run_clients(wake(server.url()))?;
    println!("wake: milliseconds from connecting to having the document");
    let title = ["document", "asleep", "awake"].map(str::to_owned).to_vec();
    let rows = WAKE_DOCUMENTS.iter().zip(times).map(|(document, Times { asleep, awake })| {
        vec![size((*document).into()), format!("{:.1}", median(asleep)), format!("{:.1}", median(awake))]
    });
    println!("{}", table(&std::iter::once(title).chain(rows).collect::<Vec<_>>()));
    Ok(())
}

async fn fill(server: &str) -> Result<()> {
    gather::<Client>(&url(server, FIRST_ROOM), WAKE_DOCUMENTS[0], 1).await?;
    for (room, document) in rooms() {
        gather::<Client>(&url(server, &room), document, 1).await?;
    }
    Ok(())
}

async fn wake(server: &str) -> Result<[Times; 2]> {
    Client::join_room(&url(server, FIRST_ROOM)).await?;
    let mut times = [Times::default(), Times::default()];
    for (index, (room, _)) in rooms().enumerate() {
        let Joined { client: _first, took, .. } = Client::join_room(&url(server, &room)).await?;
        let times = &mut times[index % WAKE_DOCUMENTS.len()];
        times.asleep.push(milliseconds(took));
        times.awake.push(milliseconds(Client::join_room(&url(server, &room)).await?.took));
    }
    Ok(times)
}

/// The rooms, with their documents in turns.
fn rooms() -> impl Iterator<Item = (String, u32)> {
    (0..WAKE_ROOMS).flat_map(|room| WAKE_DOCUMENTS.map(|document| (format!("wake-{document}-{room}"), document)))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
