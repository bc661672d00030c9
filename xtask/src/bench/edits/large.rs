//! Documents as large as they may be: what they cost, and that everything still works.
//!
//! Each has a server of its own, so that the memory is that of the one room. Clients join, and edit until the room has
//! replaced its log of edits by a snapshot; then the server is restarted, and one joins again.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::runtime::Runtime;

use super::{
    room::{self, Room},
    size,
};
use crate::{
    bench::{
        load::{Editors, Joined, Protocol},
        table,
    },
    process,
    server::{Server, State},
    worker::Worker,
};

/// The second one is as long as a room takes, with something left for the edits.
const DOCUMENTS: [u32; 2] = [5_000_000, 9_900_000];

const EDITORS: usize = 5;
const WINDOW: u64 = 8;

/// The edits after which the room is asked what it takes.
const BATCH: u64 = 1_000;

/// How often. Longer than any log should grow.
const BATCHES: u64 = 60;

const ROOM: &str = "large";

/// What came of the clients that edited.
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

pub(super) fn run(fixture: &Worker, runtime: &Runtime) -> Result<()> {
    let title =
        ["document", "join", "edits", "a second", "longest", "rows per 1000", "join after restart", "wasm memory"];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    let measured = DOCUMENTS.into_iter().try_for_each(|document| {
        let name = size::format(document.into());
        process::step(&format!("editing a document of {name}"));
        rows.push(measure(document, fixture, runtime).with_context(|| format!("a document of {name}"))?);
        Ok(())
    });
    println!("large: {EDITORS} clients that edit until the log is compacted, {WINDOW} edits in flight; milliseconds");
    println!("{}", table::format(&rows));
    measured
}

/// The row of a document.
fn measure(document: u32, fixture: &Worker, runtime: &Runtime) -> Result<Vec<String>> {
    let scratch = process::temporary_directory()?;
    let start = || Server::start_anywhere(fixture, State::Kept(scratch.path().to_owned()));
    let server = start()?;
    let edited = runtime.block_on(edit(server.url(), document))?;
    drop(server);
    let server = start()?;
    let (again, memory) = runtime.block_on(join_again(server.url(), document))?;
    Ok(row(document, &edited, again, memory))
}

async fn edit(server: &str, document: u32) -> Result<Edited> {
    let mut editors = Editors::<Room>::gather(server, ROOM, document, EDITORS).await?;
    let join = *editors.joins()[1..].iter().max().unwrap_or(&Duration::ZERO);
    let before = room::usage(editors.first()?).await?;
    let (mut bytes, mut edits, mut seconds) = (before.bytes, 0.0, 0.0);
    for batches in 1..=BATCHES {
        let edited = editors.burst(BATCH, WINDOW).await?;
        edits += edited.edits;
        seconds += edited.seconds;
        let usage = room::usage(editors.first()?).await?;
        let is_compacted = usage.bytes < bytes;
        bytes = usage.bytes;
        if is_compacted {
            editors.check(&Room::join(server, ROOM).await?.state)?;
            return Ok(Edited {
                join,
                edits: batches * BATCH,
                rate: edits / seconds,
                longest: edited.longest,
                rows: usage.rows_written - before.rows_written,
                memory: room::usage(editors.first()?).await?.memory,
            });
        }
    }
    bail!("{edits} edits were not compacted")
}

async fn join_again(server: &str, document: u32) -> Result<(Duration, u64)> {
    let Joined { mut socket, state, took } = Room::join(server, ROOM).await?;
    ensure!(state.len() >= document as usize, "a restart lost a part of the document");
    Ok((took, room::usage(&mut socket).await?.memory))
}

fn row(document: u32, edited: &Edited, again: Duration, memory: u64) -> Vec<String> {
    vec![
        size::format(document.into()),
        edited.join.as_millis().to_string(),
        edited.edits.to_string(),
        format!("{:.0}", edited.rate),
        edited.longest.as_millis().to_string(),
        (edited.rows * 1000 / edited.edits).to_string(),
        again.as_millis().to_string(),
        size::format(edited.memory.max(memory)),
    ]
}
