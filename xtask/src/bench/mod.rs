//! `cargo xtask bench`: what a room costs, next to a worker that does the bare minimum, or what others use.
//!
//! Both are served in one run by the same workerd, and measured in turns, so that a slow or busy machine slows both.

mod broadcast;
mod editors;
mod edits;
mod large;
mod load;
mod storing;
mod ticks;
mod whiteboard;

use std::{env, os::unix::process::CommandExt as _, panic::AssertUnwindSafe};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum, value_parser};
use futures_util::FutureExt as _;
use tokio::runtime;

use crate::{process, tools::cargo};

/// Measures rooms: messages, state, rows and ticks against plain JavaScript, edits against `y-partyserver`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Measures one part of it.
    #[arg(long, value_enum)]
    pub(crate) only: Option<Bench>,
    /// How many clients a room has that messages go to.
    #[arg(long, value_delimiter = ',', default_value = "10,50,100", value_parser = value_parser!(u16).range(1..=500))]
    pub(crate) clients: Vec<u16>,
    /// How often each rate of messages, and the jitter of ticks, is measured.
    #[arg(long, default_value_t = 9, value_parser = value_parser!(u16).range(1..=50))]
    pub(crate) rounds: u16,
    /// How long a round takes.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u16).range(1..=60))]
    pub(crate) seconds: u16,
    /// How many messages of a room may be under way at once.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=1024))]
    pub(crate) messages_in_flight: u16,
    /// The options of editing.
    #[command(flatten)]
    pub(crate) edits: edits::Options,
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// Messages of some clients to all clients of their room.
    Broadcast,
    /// Events that change a state or insert a row.
    Storing,
    /// The jitter of a tick.
    Ticks,
    /// Edits of a document by all clients of its room.
    Edits,
    /// The whiteboard's page while all people of its board move.
    Whiteboard,
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
    if wanted(Bench::Storing) {
        storing::run(options)?;
    }
    if wanted(Bench::Ticks) {
        ticks::run(options)?;
    }
    if wanted(Bench::Edits) {
        edits::run(&options.edits, options.seconds)?;
    }
    if wanted(Bench::Whiteboard) {
        whiteboard::run(options)?;
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

/// Runs the clients of a measurement. They panic when a server does what it must not, which is an error here: what was
/// measured before is still printed.
fn run_clients<T>(clients: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(AssertUnwindSafe(clients).catch_unwind())
        .map_err(|_| anyhow!("a client failed as printed above"))?
}

/// The rates of a subject and of its reference, in pairs that were measured one right after the other.
#[derive(Clone, Debug, Default)]
struct Comparison {
    pairs: Vec<(f64, f64)>,
}

impl Comparison {
    fn push(&mut self, subject: f64, reference: f64) {
        self.pairs.push((subject, reference));
    }

    /// Compares this one's subject with another's, which was measured in the same rounds.
    fn against(&self, other: &Self) -> Self {
        Self { pairs: self.pairs.iter().zip(&other.pairs).map(|(this, other)| (this.0, other.0)).collect() }
    }

    fn subject(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0).collect())
    }

    fn reference(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.1).collect())
    }

    /// The median of the pairs' ratios: the two of a pair saw the same machine.
    fn ratio(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0 / pair.1).collect())
    }
}

/// Returns the median.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// Lines up columns of numbers under their titles, to the right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the last line of a table: all figures are as they should be, or which are not.
fn verdict(goal: &str, misses: &[String]) -> String {
    if misses.is_empty() { format!("every {goal}") } else { format!("not every {goal}: {}", misses.join(", ")) }
}

/// Returns whether a figure is below its goal, or not a number.
fn is_below(figure: f64, goal: f64) -> bool {
    figure.is_nan() || figure < goal
}

/// A number of bytes in the largest unit of which it has one, in whole numbers where it is one.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1_000_000.. => (1_000_000, "MB"),
        1_000.. => (1_000, "KB"),
        _ => (1, "B"),
    };
    if bytes.is_multiple_of(unit) {
        format!("{} {name}", bytes / unit)
    } else {
        format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert!(median(vec![]).is_nan());
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_ratio_is_that_of_the_pairs() {
        let mut comparison = Comparison::default();
        for (subject, reference) in [(5.0, 10.0), (80.0, 100.0), (900.0, 1000.0)] {
            comparison.push(subject, reference);
        }
        assert!((comparison.ratio() - 0.8).abs() < 1e-9);
        assert!((comparison.subject() - 80.0).abs() < f64::EPSILON);
        assert!((comparison.reference() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["clients", "b"], ["1", "1000"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "clients     b\n      1  1000");
    }

    #[test]
    fn figures_that_miss_their_goal_are_named() {
        assert_eq!(verdict("ratio is at least 1", &[]), "every ratio is at least 1");
        let misses = ["0.9 with 5 clients", "0.8 with 50 clients"].map(str::to_owned);
        assert_eq!(
            verdict("ratio is at least 1", &misses),
            "not every ratio is at least 1: 0.9 with 5 clients, 0.8 with 50 clients"
        );
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [999, 1000, 1500, 100_000, 1_000_000, 9_900_000].map(size);
        assert_eq!(sizes, ["999 B", "1 KB", "1.5 KB", "100 KB", "1 MB", "9.9 MB"]);
    }
}
