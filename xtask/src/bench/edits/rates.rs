//! How fast edits go, and what they weigh.

use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;

use super::{
    Options, disk,
    room::Room,
    size,
    yjs::{Ours, Party, Yjs},
};
use crate::{
    bench::{
        compare::{Comparison, median},
        load::{Editors, Pace, Protocol},
        table,
        verdict::{misses, verdict},
    },
    process,
    server::{Server, State},
    worker::Worker,
};

/// What an edit may weigh for each client that is told of it, in bytes.
const HEAVIEST: f64 = 350.0;

/// What the rate of the largest document has to reach of that of the smallest.
const GROWTH_GOAL: f64 = 0.9;

/// What the room has to reach of the reference.
const GOAL: f64 = 1.0;

/// The same, where both speak the protocol of the Yjs providers.
const YJS_GOAL: f64 = 1.2;

/// Before each round.
const WARM_UP: Duration = Duration::from_millis(500);

/// The edits that are made one by one, to weigh them.
const WEIGHED: u64 = 50;

/// How many clients edit, and with how many edits under way.
#[derive(Clone, Copy, Debug)]
struct Setting {
    editors: u16,
    window: u16,
}

/// What came of one document in one setting.
#[derive(Clone, Debug)]
struct Cell {
    document: u32,
    setting: Setting,
    rates: Comparison,
    /// The same, by the protocol of the Yjs providers.
    yjs_rates: Comparison,
    /// What an edit weighs for a client, when there are no others.
    alone: f64,
    /// The same, when they come as fast as they can.
    busy: Vec<f64>,
}

/// How the largest document compares with the smallest one.
#[derive(Clone, Debug)]
struct Growth {
    setting: Setting,
    rates: Comparison,
}

/// Documents of one size, on both servers.
struct Documents {
    size: u32,
    subject: Editors<Room>,
    yjs_subject: Editors<Yjs<Ours>>,
    reference: Editors<Yjs<Party>>,
}

pub(super) fn run(
    options: &Options,
    seconds: u16,
    fixture: &Worker,
    partyserver: &Worker,
    runtime: &Runtime,
) -> Result<()> {
    let subject = Server::start_anywhere(fixture, State::temporary()?)?;
    let reference = Server::start_anywhere(partyserver, State::temporary()?)?;
    println!("edits: characters a second that reach all other clients of a room, and bytes of each that reach one");
    let disk = disk::sync_time(process::temporary_directory()?.path())?;
    println!("the disk takes {:.2} ms for a commit", disk.as_secs_f64() * 1000.0);
    let pace = Pace { warm_up: WARM_UP, measured: Duration::from_secs(seconds.into()) };
    let (mut cells, mut growths) = (Vec::new(), Vec::new());
    for &editors in &options.editors {
        for &window in &options.edits_in_flight {
            let setting = Setting { editors, window };
            let measured = measure(options, setting, pace, subject.url(), reference.url());
            let (measured, growth) = runtime.block_on(measured)?;
            cells.extend(measured);
            growths.extend(growth);
        }
    }
    println!("{}", summary(&cells, &growths));
    Ok(())
}

/// Measures all documents in one setting, in turns.
async fn measure(
    options: &Options,
    setting: Setting,
    pace: Pace,
    subject: &str,
    reference: &str,
) -> Result<(Vec<Cell>, Option<Growth>)> {
    let Setting { editors, window } = setting;
    let (mut all, mut cells) = (Vec::new(), Vec::new());
    for &document in &options.documents {
        let [room, yjs_room] = rooms(document, setting);
        let yjs_subject = Editors::gather(subject, &yjs_room, document, editors.into()).await?;
        let mut subject = Editors::<Room>::gather(subject, &room, document, editors.into()).await?;
        let reference = Editors::gather(reference, &room, document, editors.into()).await?;
        let alone = subject.burst(WEIGHED, 1).await?.bytes_an_edit;
        all.push(Documents { size: document, subject, yjs_subject, reference });
        let (rates, yjs_rates) = (Comparison::default(), Comparison::default());
        cells.push(Cell { document, setting, rates, yjs_rates, alone, busy: Vec::new() });
    }
    let ends = ends(&options.documents);
    let mut growth = ends.map(|_| Growth { setting, rates: Comparison::default() });
    for round in 1..=options.edit_rounds {
        let mut rates = Vec::new();
        for (documents, cell) in all.iter_mut().zip(&mut cells) {
            let subject = documents.subject.rate(pace, window.into()).await?;
            let reference = documents.reference.rate(pace, window.into()).await?;
            let yjs_subject = documents.yjs_subject.rate(pace, window.into()).await?;
            cell.rates.push(subject.rate(), reference.rate());
            cell.yjs_rates.push(yjs_subject.rate(), reference.rate());
            cell.busy.push(subject.bytes_an_edit);
            rates.push(subject.rate());
            eprintln!(
                "{}, {editors} clients, {window} in flight, round {round} of {}: room {:.0}, by Yjs {:.0}, \
                 y-partyserver {:.0}",
                size::format(documents.size.into()),
                options.edit_rounds,
                subject.rate(),
                yjs_subject.rate(),
                reference.rate(),
            );
        }
        if let (Some(growth), Some((smallest, largest))) = (&mut growth, ends) {
            growth.rates.push(rates[largest], rates[smallest]);
        }
    }
    for documents in &all {
        let [room, yjs_room] = rooms(documents.size, setting);
        documents.subject.check(&Room::join(subject, &room).await?.state)?;
        documents.yjs_subject.check(&Yjs::<Ours>::join(subject, &yjs_room).await?.state)?;
        documents.reference.check(&Yjs::<Party>::join(reference, &room).await?.state)?;
    }
    Ok((cells, growth))
}

/// The names of the rooms, the second for the protocol of the Yjs providers.
fn rooms(document: u32, setting: Setting) -> [String; 2] {
    ["bench", "bench-yjs"].map(|name| format!("{name}-{document}-{}-{}", setting.editors, setting.window))
}

/// The places of the smallest and the largest document, where they differ.
fn ends(documents: &[u32]) -> Option<(usize, usize)> {
    let places = || documents.iter().enumerate();
    let (smallest, least) = places().min_by_key(|(_, size)| **size)?;
    let (largest, most) = places().max_by_key(|(_, size)| **size)?;
    (least < most).then_some((smallest, largest))
}

fn summary(cells: &[Cell], growths: &[Growth]) -> String {
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
            size::format(cell.document.into()),
            editors.to_string(),
            window.to_string(),
            format!("{subject:.0}"),
            format!("{:.0}", cell.yjs_rates.subject()),
            format!("{reference:.0}"),
            format!("{:.2}", cell.rates.ratio()),
            format!("{:.2}", cell.yjs_rates.ratio()),
            format!("{:.0}", cell.alone),
            format!("{:.0}", median(cell.busy.clone())),
        ]
    });
    let rows: Vec<_> = std::iter::once(title.map(str::to_owned).to_vec()).chain(rows).collect();
    let verdicts = [slow(cells), slow_by_yjs(cells), shrunk(growths), heavy(cells)].join("\n");
    format!("{}\n{verdicts}", table::format(&rows))
}

/// Where the reference is faster.
fn slow(cells: &[Cell]) -> String {
    verdict(&format!("ratio is at least {GOAL}"), &below(GOAL, cells, |cell| &cell.rates))
}

fn slow_by_yjs(cells: &[Cell]) -> String {
    verdict(&format!("ratio by Yjs is at least {YJS_GOAL}"), &below(YJS_GOAL, cells, |cell| &cell.yjs_rates))
}

/// The cells of which some ratio misses its goal.
fn below(goal: f64, cells: &[Cell], rates: impl Fn(&Cell) -> &Comparison) -> Vec<String> {
    let found = cells.iter().map(|cell| (cell, rates(cell).ratio())).filter(|(_, ratio)| misses(*ratio, goal));
    found
        .map(|(cell, ratio)| format!("{ratio:.3} at {} {}", size::format(cell.document.into()), cell.setting.name()))
        .collect()
}

/// Where a large document makes edits slow.
fn shrunk(growths: &[Growth]) -> String {
    let found =
        growths.iter().map(|growth| (growth, growth.rates.ratio())).filter(|(_, ratio)| misses(*ratio, GROWTH_GOAL));
    let missed: Vec<_> = found.map(|(growth, ratio)| format!("{ratio:.3} {}", growth.setting.name())).collect();
    verdict(&format!("rate of the largest document is at least {GROWTH_GOAL} of the smallest one's"), &missed)
}

/// Where an edit weighs too much.
fn heavy(cells: &[Cell]) -> String {
    let weights = cells.iter().map(|cell| (cell, cell.busy.iter().copied().fold(cell.alone, f64::max)));
    let missed: Vec<_> = weights
        .filter(|(_, weight)| *weight > HEAVIEST)
        .map(|(cell, weight)| format!("{weight:.0} at {} {}", size::format(cell.document.into()), cell.setting.name()))
        .collect();
    verdict(&format!("edit is at most {HEAVIEST} bytes to a client"), &missed)
}

impl Setting {
    fn name(self) -> String {
        format!("with {} clients and {} in flight", self.editors, self.window)
    }
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
        Cell { document, setting: SETTING, rates, yjs_rates, alone: 200.0, busy: vec![busy, busy] }
    }

    fn growth(subject: f64) -> Growth {
        Growth { setting: SETTING, rates: comparison(subject, 1000.0) }
    }

    #[test]
    fn the_last_lines_are_the_verdicts() {
        let good = summary(&[cell(1000, 1000.0, 90.0), cell(1_000_000, 1200.0, 350.0)], &[growth(900.0)]);
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
        let bad = summary(&[cell(1000, 999.0, 351.0)], &[growth(899.0)]);
        let verdicts = [
            "not every ratio is at least 1: 0.999 at 1 KB with 5 clients and 8 in flight",
            "not every ratio by Yjs is at least 1.2: 1.199 at 1 KB with 5 clients and 8 in flight",
            "not every rate of the largest document is at least 0.9 of the smallest one's: \
             0.899 with 5 clients and 8 in flight",
            "not every edit is at most 350 bytes to a client: 351 at 1 KB with 5 clients and 8 in flight",
        ];
        assert_eq!(bad.lines().skip(2).collect::<Vec<_>>(), verdicts);
    }

    #[test]
    fn one_document_has_not_grown() {
        assert_eq!(ends(&[1000]), None);
        assert_eq!(ends(&[1000, 1000]), None);
        assert_eq!(ends(&[100, 1000, 10]), Some((2, 1)));
    }
}
