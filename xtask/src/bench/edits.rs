//! Edits of a document by all clients of its room.
//!
//! The subject is a room of the fixture, which stores each edit before it shows it to anyone. The reference is npm's
//! `y-partyserver` in `bench/partyserver`, which keeps the document in memory. The clients of both make the same edits:
//! one character each, eight at one place before the next one, each client in its turn. All go through wrangler's
//! proxy. The room is measured twice: by the protocol of pluv, and by that of the Yjs providers, which is the one of the
//! reference, by the very same client.
//!
//! An edit is made when all other clients have it. A busy room sends several in one frame, so the edits that each
//! client has are read from the updates. `y-partyserver` also sends an edit back to its author, which does not count.
//!
//! A room waits for the disk. With few edits in flight that is most of what it does, so the disk is measured too; it is
//! the one of the system's temporary files, and `TMPDIR=/dev/shm` leaves it out. With five clients and eight edits in flight
//! one commit, of one page, holds all eight: its `fsync` took 0.23 of the 0.77 ms in which they went round, where
//! `y-partyserver`, which stores nothing, took 0.57.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use pluv_tests::{Client, Provider};

use super::{
    Comparison,
    editors::{Editors, Protocol, gather},
    is_below, large,
    load::{Measured, Pace},
    median, run_clients, size, table, verdict,
};
use crate::{
    process,
    server::{Server, State},
    tools::{self, Tools},
    worker::{Profile, Worker},
};

/// The most bytes of an edit to each client that gets it.
const MOST_BYTES: f64 = 350.0;

/// The least ratio of the rates of the largest document and the smallest one.
const GROWTH_GOAL: f64 = 0.9;

/// The least ratio of the room to the reference.
const GOAL: f64 = 1.0;

/// The same, where both speak the protocol of the Yjs providers.
const YJS_GOAL: f64 = 1.2;

/// Before each round.
const WARM_UP: Duration = Duration::from_millis(500);

/// The edits that are made one by one, to count their bytes.
const SINGLE_EDITS: u64 = 50;

const SYNCS: usize = 50;

/// About as much as a commit writes.
const COMMIT: [u8; 8192] = [0; 8192];

/// The options of editing.
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

/// The number of clients that edit, and of the edits in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Setting {
    editors: u16,
    window: u16,
}

impl Setting {
    fn name(self) -> String {
        format!("with {} clients and {} in flight", self.editors, self.window)
    }
}

/// The result of one document in one setting.
#[derive(Clone, Debug)]
struct Cell {
    document: u32,
    setting: Setting,
    rates: Comparison,
    /// The same, by the protocol of the Yjs providers.
    yjs_rates: Comparison,
    /// The bytes of an edit to a client, when there are no others.
    single: f64,
    /// The same, when they come as fast as they can.
    busy: Vec<f64>,
}

/// Clients of documents of one size, and their rooms' URLs.
struct Documents {
    urls: [String; 3],
    subject: Editors<Client>,
    yjs_subject: Editors<Provider>,
    reference: Editors<Provider>,
}

/// Measures rates, then wake times, then the largest documents.
pub(super) fn run(options: &Options, seconds: u16) -> Result<()> {
    let tools = Tools::install()?;
    let (fixture, partyserver) = (Worker::fixture(), Worker::partyserver());
    tools::install_packages(&partyserver.directory)?;
    fixture.build(Profile::Release, &tools)?;
    rates(options, seconds, &fixture, &partyserver)?;
    large::run_wakes(&fixture)?;
    large::run(&fixture)
}

fn rates(options: &Options, seconds: u16, fixture: &Worker, partyserver: &Worker) -> Result<()> {
    let subject = Server::start_anywhere(fixture, State::temporary()?)?;
    let reference = Server::start_anywhere(partyserver, State::temporary()?)?;
    println!("edits: characters a second that reach all other clients of a room, and bytes of each that reach one");
    let disk = sync_time(process::temporary_directory()?.path())?;
    println!("the disk takes {:.2} ms for a commit", disk * 1000.0);
    let pace = Pace { warm_up: WARM_UP, measured: Duration::from_secs(seconds.into()) };
    let mut cells = Vec::new();
    for &editors in &options.editors {
        for &window in &options.edits_in_flight {
            let setting = Setting { editors, window };
            cells.extend(run_clients(measure(options, setting, pace, subject.url(), reference.url()))?);
        }
    }
    println!("{}", summary(&cells));
    Ok(())
}

/// Measures all documents in one setting, in turns.
async fn measure(options: &Options, setting: Setting, pace: Pace, subject: &str, reference: &str) -> Result<Vec<Cell>> {
    let Setting { editors, window } = setting;
    let (mut all, mut cells) = (Vec::new(), Vec::new());
    for &document in &options.documents {
        let room = format!("{document}-{editors}-{window}");
        let urls = [
            format!("{subject}/large/room/bench-{room}"),
            format!("{subject}/large/yjs/bench-yjs-{room}"),
            format!("{reference}/parties/documents/bench-{room}"),
        ];
        let (yjs_subject, _) = gather(&urls[1], document, editors.into()).await?;
        let (mut subject, _) = gather::<Client>(&urls[0], document, editors.into()).await?;
        let (reference, _) = gather(&urls[2], document, editors.into()).await?;
        let single = bytes_an_edit(subject.burst(SINGLE_EDITS, 1).await?);
        all.push(Documents { urls, subject, yjs_subject, reference });
        let (rates, yjs_rates) = (Comparison::default(), Comparison::default());
        cells.push(Cell { document, setting, rates, yjs_rates, single, busy: Vec::new() });
    }
    for round in 1..=options.edit_rounds {
        for (documents, cell) in all.iter_mut().zip(&mut cells) {
            let measured = documents.subject.rate(pace, window.into()).await?;
            let reference = rate(documents.reference.rate(pace, window.into()).await?);
            let yjs_subject = rate(documents.yjs_subject.rate(pace, window.into()).await?);
            let subject = rate(measured);
            cell.rates.push(subject, reference);
            cell.yjs_rates.push(yjs_subject, reference);
            cell.busy.push(bytes_an_edit(measured));
            eprintln!(
                "{}, {editors} clients, {window} in flight, round {round} of {}: room {subject:.0}, by Yjs \
                 {yjs_subject:.0}, y-partyserver {reference:.0}",
                size(cell.document.into()),
                options.edit_rounds,
            );
        }
    }
    for Documents { urls: [room, yjs_room, reference_room], subject, yjs_subject, reference } in &all {
        subject.workload.check(&Client::join_room(room).await?.state)?;
        yjs_subject.workload.check(&Provider::join_room(yjs_room).await?.state)?;
        reference.workload.check(&Provider::join_room(reference_room).await?.state)?;
    }
    Ok(cells)
}

fn rate(measured: Measured) -> f64 {
    measured.completed / measured.seconds
}

fn bytes_an_edit(measured: Measured) -> f64 {
    measured.bytes / measured.delivered
}

/// Returns the seconds that the disk of a directory takes to make a commit durable: a room sends nothing before that.
fn sync_time(directory: &Path) -> Result<f64> {
    let write = || {
        let mut file = File::create(directory.join("sync"))?;
        (0..SYNCS)
            .map(|_| {
                file.write_all(&COMMIT)?;
                let start = Instant::now();
                file.sync_data()?;
                Ok(start.elapsed().as_secs_f64())
            })
            .collect::<std::io::Result<Vec<_>>>()
    };
    let times = write().with_context(|| format!("{} cannot be written to", directory.display()))?;
    Ok(median(times))
}

/// Compares the largest document with the smallest one, in the same rounds.
fn growth(cells: &[Cell]) -> Option<Comparison> {
    let smallest = cells.iter().min_by_key(|cell| cell.document)?;
    let largest = cells.iter().max_by_key(|cell| cell.document)?;
    (smallest.document < largest.document).then(|| largest.rates.against(&smallest.rates))
}

fn summary(cells: &[Cell]) -> String {
    let title = [
        "document",
        "clients",
        "in flight",
        "room",
        "by Yjs",
        "y-partyserver",
        "ratio",
        "ratio by Yjs",
        "bytes alone",
        "bytes busy",
    ];
    let rows = cells.iter().map(|cell| {
        let Setting { editors, window } = cell.setting;
        let (subject, reference) = (cell.rates.subject(), cell.rates.reference());
        vec![
            size(cell.document.into()),
            editors.to_string(),
            window.to_string(),
            format!("{subject:.0}"),
            format!("{:.0}", cell.yjs_rates.subject()),
            format!("{reference:.0}"),
            format!("{:.2}", cell.rates.ratio()),
            format!("{:.2}", cell.yjs_rates.ratio()),
            format!("{:.0}", cell.single),
            format!("{:.0}", median(cell.busy.clone())),
        ]
    });
    let rows: Vec<_> = std::iter::once(title.map(str::to_owned).to_vec()).chain(rows).collect();
    let place = |cell: &Cell| format!("{} {}", size(cell.document.into()), cell.setting.name());
    let slow = |goal: f64, rates: fn(&Cell) -> &Comparison| -> Vec<_> {
        let ratios = cells.iter().map(|cell| (rates(cell).ratio(), cell));
        let slow = ratios.filter(|(ratio, _)| is_below(*ratio, goal));
        slow.map(|(ratio, cell)| format!("{ratio:.3} at {}", place(cell))).collect()
    };
    let settings = cells.chunk_by(|a, b| a.setting == b.setting);
    let growths = settings.filter_map(|cells| Some((growth(cells)?.ratio(), cells[0].setting)));
    let shrunk: Vec<_> = growths
        .filter(|(ratio, _)| is_below(*ratio, GROWTH_GOAL))
        .map(|(ratio, setting)| format!("{ratio:.3} {}", setting.name()))
        .collect();
    let bytes = cells.iter().map(|cell| (cell.busy.iter().copied().fold(cell.single, f64::max), cell));
    let heavy: Vec<_> = bytes
        .filter(|(bytes, _)| *bytes > MOST_BYTES)
        .map(|(bytes, cell)| format!("{bytes:.0} at {}", place(cell)))
        .collect();
    let verdicts = [
        verdict(&format!("ratio is at least {GOAL}"), &slow(GOAL, |cell| &cell.rates)),
        verdict(&format!("ratio by Yjs is at least {YJS_GOAL}"), &slow(YJS_GOAL, |cell| &cell.yjs_rates)),
        verdict(&format!("rate of the largest document is at least {GROWTH_GOAL} of the smallest one's"), &shrunk),
        verdict(&format!("edit is at most {MOST_BYTES} bytes to a client"), &heavy),
    ];
    format!("{}\n{}", table(&rows), verdicts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting = Setting { editors: 5, window: 8 };

    fn comparison(subject: f64, reference: f64) -> Comparison {
        let mut comparison = Comparison::default();
        comparison.push(subject, reference);
        comparison
    }

    fn cell(document: u32, subject: f64, busy: f64) -> Cell {
        let (rates, yjs_rates) = (comparison(subject, 1000.0), comparison(subject * 1.2, 1000.0));
        Cell { document, setting: SETTING, rates, yjs_rates, single: 200.0, busy: vec![busy, busy] }
    }

    #[test]
    fn the_last_lines_are_the_verdicts() {
        let good = summary(&[cell(1000, 1000.0, 90.0), cell(1_000_000, 1200.0, 350.0)]);
        let verdicts = [
            "every ratio is at least 1",
            "every ratio by Yjs is at least 1.2",
            "every rate of the largest document is at least 0.9 of the smallest one's",
            "every edit is at most 350 bytes to a client",
        ];
        assert_eq!(good.lines().skip(3).collect::<Vec<_>>(), verdicts);
        let row = good.lines().nth(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
        assert_eq!(
            row.as_deref(),
            Some(&["1", "KB", "5", "8", "1000", "1200", "1000", "1.00", "1.20", "200", "90"][..])
        );
        let bad = summary(&[cell(1_000_000, 999.0, 351.0), cell(1000, 1111.3, 90.0)]);
        let verdicts = [
            "not every ratio is at least 1: 0.999 at 1 MB with 5 clients and 8 in flight",
            "not every ratio by Yjs is at least 1.2: 1.199 at 1 MB with 5 clients and 8 in flight",
            "not every rate of the largest document is at least 0.9 of the smallest one's: \
             0.899 with 5 clients and 8 in flight",
            "not every edit is at most 350 bytes to a client: 351 at 1 MB with 5 clients and 8 in flight",
        ];
        assert_eq!(bad.lines().skip(3).collect::<Vec<_>>(), verdicts);
    }

    #[test]
    fn the_largest_document_is_compared_with_the_smallest() {
        let ratio = |sizes: &[(u32, f64)]| {
            let cells: Vec<_> = sizes.iter().map(|(document, rate)| cell(*document, *rate, 90.0)).collect();
            growth(&cells).map(|growth| growth.ratio())
        };
        assert_eq!(ratio(&[(1000, 1.0)]), None);
        assert_eq!(ratio(&[(1000, 1.0), (1000, 2.0)]), None);
        assert_eq!(ratio(&[(100, 1.0), (1000, 3.0), (10, 4.0)]), Some(0.75));
    }
}
