//! Edits of a document by all clients of its room.
//!
//! The subject is a room of the fixture, which stores each edit before it shows it to anyone. The reference is npm's
//! `y-partyserver` in `bench/partyserver`, which keeps the document in memory. The clients of both make the same edits:
//! one character each, eight at one place before the next one, each client in its turn. All go through wrangler's
//! proxy. The room is measured twice: by the protocol of pluv, and by that of the Yjs providers, which is the one of the
//! reference, by the very same client.
//!
//! An edit is made when all other clients have it. A room that is busy tells of several in one frame, so what each
//! client has is read from the updates. `y-partyserver` also sends an edit back to its author, which does not count.
//!
//! A room waits for the disk. With few edits in flight that is most of what it does, so the disk is measured too; it is
//! the one of the system's temporary files, and `TMPDIR=/dev/shm` leaves it out. With five clients and eight edits in flight
//! one commit, of one page, holds all eight: its `fsync` took 0.23 of the 0.77 ms in which they went round, where
//! `y-partyserver`, which stores nothing, took 0.57.

mod disk;
mod large;
mod rates;
mod room;
mod size;
mod wake;
mod yjs;

use anyhow::Result;
use clap::{Args, value_parser};
use tokio::runtime;

use crate::{
    tools,
    worker::{Profile, Worker},
};

/// What of editing is measured.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub(crate) struct Options {
    /// How long the edited documents are at first, in bytes.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000", value_parser = value_parser!(u32).range(2..=9_000_000))]
    pub(crate) documents: Vec<u32>,
    /// How many clients edit a document.
    #[arg(long, value_delimiter = ',', default_value = "5,50", value_parser = value_parser!(u16).range(2..=500))]
    pub(crate) editors: Vec<u16>,
    /// How many edits of a document may be under way at once.
    #[arg(long, value_delimiter = ',', default_value = "8,64", value_parser = value_parser!(u16).range(1..=1024))]
    pub(crate) edits_in_flight: Vec<u16>,
    /// How often each rate of edits is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=50))]
    pub(crate) edit_rounds: u16,
}

/// Measures rates, then wake times, then the largest documents.
pub(super) fn run(options: &Options, seconds: u16) -> Result<()> {
    let tools = tools::Tools::install()?;
    let (fixture, partyserver) = (Worker::fixture(), Worker::partyserver());
    tools::install_packages(&partyserver.directory)?;
    fixture.build(Profile::Release, &tools)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    rates::run(options, seconds, &fixture, &partyserver, &runtime)?;
    wake::run(&fixture, &runtime)?;
    large::run(&fixture, &runtime)
}
