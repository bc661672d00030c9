//! How long a room takes to wake.
//!
//! The server is restarted, and a client joins each room. A document that nobody has asked for since is read from
//! storage then. Beside it is the join of a second client, who finds the room awake.

use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;

use super::{room::Room, size};
use crate::{
    bench::{
        compare::median,
        load::{Editors, Joined, Protocol},
        table,
    },
    process,
    server::{Server, State},
    worker::Worker,
};

const DOCUMENTS: [u32; 2] = [1_000, 1_000_000];

/// How many rooms of each document are woken.
const ROOMS: u32 = 7;

/// A room that is woken before those that count: the worker's first one waits for its code.
const FIRST: &str = "wake-first";

/// Times of several rooms with like documents, in milliseconds.
#[derive(Debug, Default)]
struct Times {
    asleep: Vec<f64>,
    awake: Vec<f64>,
}

pub(super) fn run(fixture: &Worker, runtime: &Runtime) -> Result<()> {
    let scratch = process::temporary_directory()?;
    let start = || Server::start_anywhere(fixture, State::Kept(scratch.path().to_owned()));
    let server = start()?;
    runtime.block_on(fill(server.url()))?;
    drop(server);
    let server = start()?;
    let times = runtime.block_on(wake(server.url()))?;
    println!("wake: milliseconds from connecting to having the document");
    let title = ["document", "asleep", "awake"].map(str::to_owned).to_vec();
    let rows = DOCUMENTS.iter().zip(times).map(|(document, Times { asleep, awake })| {
        vec![size::format((*document).into()), format!("{:.1}", median(asleep)), format!("{:.1}", median(awake))]
    });
    println!("{}", table::format(&std::iter::once(title).chain(rows).collect::<Vec<_>>()));
    Ok(())
}

async fn fill(server: &str) -> Result<()> {
    Editors::<Room>::gather(server, FIRST, DOCUMENTS[0], 1).await?;
    for (room, document) in rooms() {
        Editors::<Room>::gather(server, &room, document, 1).await?;
    }
    Ok(())
}

async fn wake(server: &str) -> Result<[Times; 2]> {
    Room::join(server, FIRST).await?;
    let mut times = [Times::default(), Times::default()];
    for (index, (room, _)) in rooms().enumerate() {
        let Joined { socket: _first, took, .. } = Room::join(server, &room).await?;
        let times = &mut times[index % DOCUMENTS.len()];
        times.asleep.push(milliseconds(took));
        times.awake.push(milliseconds(Room::join(server, &room).await?.took));
    }
    Ok(times)
}

/// The rooms, with their documents in turns.
fn rooms() -> impl Iterator<Item = (String, u32)> {
    (0..ROOMS).flat_map(|room| DOCUMENTS.map(|document| (format!("wake-{document}-{room}"), document)))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
