//! The jitter of a tick of 50 ms.
//!
//! The subject is the fixture's `Pulse`, a room whose tick sends to everyone. The reference is the object of the same name in
//! `bench/plain`, which does so by `setInterval` in plain JavaScript. Both have their clients and tick at the same time, so
//! that a slow or busy machine disturbs both; one client of each notes when its frames arrive.
//!
//! The figure is how far the time between two frames is from 50 ms.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::future::{join, join_all};
use pluv_tests::{Client, connect};
use serde_json::json;

use super::{Options, median, run_clients, table, verdict};
use crate::{
    server::{Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// How many clients a room has.
const CLIENTS: u16 = 50;

/// The time between two ticks, in milliseconds.
const PERIOD: f64 = 50.0;

/// The most that the 99th percentile may exceed the reference's, in milliseconds.
const GOAL: f64 = 5.0;

/// Before the rounds.
const WARM_UP: Duration = Duration::from_secs(1);

/// The percentiles of a round's jitter, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Jitter {
    p50: f64,
    p99: f64,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let tools = Tools::install()?;
    let fixture = Worker::fixture();
    fixture.build(Profile::Release, &tools)?;
    let fixture = Server::start_anywhere(&fixture, State::temporary()?)?;
    let plain = Server::start_anywhere(&Worker::plain(), State::temporary()?)?;
    println!("ticks: milliseconds between two frames of a 50 ms tick, less or more than these, with {CLIENTS} clients");
    println!("{}", summary(&run_clients(compare(options, fixture.url(), plain.url()))?));
    Ok(())
}

async fn compare(options: &Options, subject: &str, reference: &str) -> Result<Vec<[Jitter; 2]>> {
    let (mut subjects, mut references) = (Vec::new(), Vec::new());
    for _ in 0..CLIENTS {
        let mut client = connect(&format!("{subject}/pulse/room/bench")).await;
        client.register().await;
        client.initialize(&json!({})).await;
        subjects.push(client);
        references.push(connect(&format!("{reference}/pulse/room/bench")).await);
    }
    let (subject, reference) = join(arrivals(&mut subjects, options), arrivals(&mut references, options)).await;
    subject.iter().zip(&reference).map(|(subject, reference)| Ok([jitter(subject)?, jitter(reference)?])).collect()
}

/// Receives the frames of all clients, and returns when those of the first one arrived, in each round.
async fn arrivals(clients: &mut [Client], options: &Options) -> Vec<Vec<Duration>> {
    let (observer, others) = clients.split_first_mut().expect("a room has clients");
    let observing = async {
        // Frames that arrived before have waited, so that their times say nothing.
        receive(observer, WARM_UP).await;
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            rounds.push(receive(observer, Duration::from_secs(options.seconds.into())).await);
        }
        rounds
    };
    let reading = join_all(others.iter_mut().map(read));
    tokio::select! {
        rounds = observing => rounds,
        _ = reading => Vec::new(),
    }
}

/// Receives frames, and never ends.
async fn read(client: &mut Client) -> Infallible {
    loop {
        client.until_text("beat").await;
    }
}

/// Receives frames for a time, and returns when they arrived.
async fn receive(client: &mut Client, time: Duration) -> Vec<Duration> {
    let (start, mut arrived) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        client.until_text("beat").await;
        arrived.push(start.elapsed());
    }
    arrived
}

fn jitter(arrived: &[Duration]) -> Result<Jitter> {
    let apart = arrived.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1000.0);
    let mut jitter: Vec<_> = apart.map(|millis| (millis - PERIOD).abs()).collect();
    ensure!(jitter.len() > 1, "there were too few ticks: measure for longer by `--seconds`");
    jitter.sort_by(f64::total_cmp);
    let at = |part: usize| jitter[(jitter.len() * part / 100).min(jitter.len() - 1)];
    Ok(Jitter { p50: at(50), p99: at(99) })
}

fn summary(rounds: &[[Jitter; 2]]) -> String {
    let of = |figure: fn(&[Jitter; 2]) -> f64| median(rounds.iter().map(figure).collect());
    let p50 = [of(|[room, _]| room.p50), of(|[_, plain]| plain.p50), of(|[room, plain]| room.p50 - plain.p50)];
    let p99 = [of(|[room, _]| room.p99), of(|[_, plain]| plain.p99), of(|[room, plain]| room.p99 - plain.p99)];
    let title = ["", "room", "plain", "difference"].map(str::to_owned).to_vec();
    let row = |name: &str, figures: [f64; 3]| {
        std::iter::once(name.to_owned()).chain(figures.map(|figure| format!("{figure:.2}"))).collect::<Vec<_>>()
    };
    let above: Vec<_> = (p99[2].is_nan() || p99[2] > GOAL).then(|| format!("{:.2} ms", p99[2])).into_iter().collect();
    let goal = format!("difference of p99 is at most {GOAL} ms");
    format!("{}\n{}", table(&[title, row("p50", p50), row("p99", p99)]), verdict(&goal, &above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_how_far_frames_are_from_the_period() {
        let times = [0, 50, 101, 140, 190].map(Duration::from_millis);
        let jitter = jitter(&times).expect("there are enough");
        assert!((jitter.p50 - 1.0).abs() < 1e-6 && (jitter.p99 - 11.0).abs() < 1e-6, "{jitter:?}");
        assert!(super::jitter(&times[..2]).is_err());
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let jitter = |p99| Jitter { p50: 1.0, p99 };
        let good = summary(&[[jitter(6.0), jitter(1.0)]]);
        assert_eq!(good.lines().nth(2), Some("p99  6.00   1.00        5.00"));
        assert_eq!(good.lines().last(), Some("every difference of p99 is at most 5 ms"));
        let bad = summary(&[[jitter(6.5), jitter(1.0)]]);
        assert_eq!(bad.lines().last(), Some("not every difference of p99 is at most 5 ms: 5.50 ms"));
    }
}
