//! `cargo xtask bench`: what a room costs, next to a worker that does the bare minimum, or what others use.
//!
//! Both are served in one run by the same workerd, and measured in turns, so that a slow or busy machine slows both.

mod broadcast;
mod compare;
mod edits;
mod load;
mod table;
mod verdict;

use std::{env, os::unix::process::CommandExt as _};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum, value_parser};

use crate::{process, tools::cargo};

/// Measures rooms: messages against a worker that does the bare minimum, edits against `y-partyserver`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Measures one part of it.
    #[arg(long, value_enum)]
    pub(crate) only: Option<Bench>,
    /// How many clients a room has that messages go to.
    #[arg(long, value_delimiter = ',', default_value = "10,50,100", value_parser = value_parser!(u16).range(1..=500))]
    pub(crate) clients: Vec<u16>,
    /// How often each rate of messages is measured.
    #[arg(long, default_value_t = 9, value_parser = value_parser!(u16).range(1..=50))]
    pub(crate) rounds: u16,
    /// How long a round takes.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u16).range(1..=60))]
    pub(crate) seconds: u16,
    /// How many messages of a room may be under way at once.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=1024))]
    pub(crate) messages_in_flight: u16,
    /// What of editing is measured.
    #[command(flatten)]
    pub(crate) edits: edits::Options,
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// Messages of some clients to all clients of their room.
    Broadcast,
    /// Edits of a document by all clients of its room.
    Edits,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When something cannot be measured.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return run_optimized();
    }
    let wanted = |bench| options.only.is_none_or(|only| only == bench);
    if wanted(Bench::Broadcast) {
        broadcast::run(options)?;
    }
    if wanted(Bench::Edits) {
        edits::run(&options.edits, options.seconds)?;
    }
    Ok(())
}

/// Becomes this very command compiled for speed: a slow client would measure itself.
fn run_optimized() -> Result<()> {
    process::step("compiling the load generator");
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "xtask", "--release"]);
    // The workers' profile takes its time to make them small, which is of no use here.
    command.args(["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"]);
    command.arg("--").args(env::args_os().skip(1));
    Err(command.exec()).context("cargo cannot be run")
}
