//! How long tests take, by the lines that their runners print.
//!
//! Node.js prints a time with each test. Rust's test runner does not, in its stable form: it prints a line when a test ends.
//! But it starts its tests in the order of their names, each as soon as one of its threads is free, so that the line at
//! which a test ended tells when the next one started. What comes of it is as exact as lines come at once: to a few
//! milliseconds on an idle machine. Tests of the documentation are timed the same way, with their compilation.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// How many tests are named as the slowest.
const NAMED: usize = 10;

/// The times of all tests so far.
#[derive(Debug, Default)]
pub struct Times {
    tests: Vec<(Duration, String)>,
    binary: Option<Binary>,
}

/// A program of Rust tests that runs.
#[derive(Debug)]
struct Binary {
    start: Instant,
    threads: usize,
    /// The tests that have ended, and when.
    ended: Vec<(String, Instant)>,
}

impl Times {
    /// Reads a line that came at `now`, of a step by this name. Rust tests run on so many threads.
    pub fn read(&mut self, step: &str, threads: usize, line: &str, now: Instant) {
        if is_start(line) {
            self.binary = Some(Binary { start: now, threads: threads.max(1), ended: Vec::new() });
        } else if let Some(name) = ended_rust_test(line) {
            if let Some(binary) = &mut self.binary {
                binary.ended.push((name.to_owned(), now));
            }
        } else if line.starts_with("test result: ") {
            let binary = self.binary.take().into_iter();
            self.tests.extend(binary.flat_map(Binary::times).map(|(name, time)| (time, format!("{step}: {name}"))));
        } else if let Some((name, time)) = node_test(line) {
            self.tests.push((time, format!("{step}: {name}")));
        }
    }

    /// Adds the times of other tests.
    pub fn merge(&mut self, other: Self) {
        self.tests.extend(other.tests);
    }

    /// The slowest tests, the slowest first.
    #[must_use]
    pub fn slowest(&self) -> Vec<(Duration, &str)> {
        let mut tests: Vec<_> = self.tests.iter().map(|(time, name)| (*time, name.as_str())).collect();
        tests.sort_by_key(|(time, _)| Reverse(*time));
        tests.truncate(NAMED);
        tests
    }
}

impl Binary {
    /// How long each test took: it started when a thread became free, in the order of the names.
    fn times(mut self) -> Vec<(String, Duration)> {
        self.ended.sort_by(|(name, _), (other, _)| name.cmp(other));
        let mut free: BinaryHeap<_> = std::iter::repeat_n(Reverse(self.start), self.threads).collect();
        let times = self.ended.into_iter().map(|(name, end)| {
            let start = free.pop().map_or(self.start, |Reverse(start)| start);
            free.push(Reverse(end));
            (name, end.saturating_duration_since(start))
        });
        times.collect()
    }
}

/// `running 3 tests`
fn is_start(line: &str) -> bool {
    let count = line.strip_prefix("running ").and_then(|rest| rest.split_once(' '));
    count.is_some_and(|(count, what)| count.parse::<u64>().is_ok() && matches!(what, "test" | "tests"))
}

/// The name in `test NAME ... ok`.
fn ended_rust_test(line: &str) -> Option<&str> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    matches!(verdict, "ok" | "FAILED").then_some(name)
}

/// The name and the time in `✔ NAME (12.5ms)`.
fn node_test(line: &str) -> Option<(&str, Duration)> {
    let (name, time) = line.strip_prefix("✔ ").or_else(|| line.strip_prefix("✖ "))?.rsplit_once(" (")?;
    let milliseconds: f64 = time.strip_suffix("ms)")?.parse().ok()?;
    Some((name, Duration::try_from_secs_f64(milliseconds / 1_000.0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times in seconds, the slowest first, of lines that come at these seconds.
    fn slowest(threads: usize, lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        let (mut times, start) = (Times::default(), Instant::now());
        for (second, line) in lines {
            times.read("step", threads, line, start + Duration::from_secs(*second));
        }
        times.slowest().into_iter().map(|(time, name)| (time.as_secs(), name.to_owned())).collect()
    }

    #[test]
    fn rust_tests_start_when_a_thread_is_free() {
        let lines = [
            (1, "running 3 tests"),
            (3, "test b ... ok"),
            (4, "test a ... FAILED"),
            (8, "test c ... ok"),
            (8, "test d ... ignored"),
            (9, "test result: FAILED. 2 passed; 1 failed; x"),
        ];
        let expected = [(5, "step: c"), (3, "step: a"), (2, "step: b")].map(|(time, name)| (time, name.to_owned()));
        assert_eq!(slowest(2, &lines), expected);
        let one = [(7, "a"), (2, "b"), (1, "c")];
        let lines = [(0, "running 3 tests"), (7, "test a ... ok"), (9, "test b ... ok"), (10, "test c ... ok")];
        let lines: Vec<_> = lines.into_iter().chain([(10, "test result: ok. 3 passed; 0 failed; x")]).collect();
        assert_eq!(slowest(1, &lines), one.map(|(time, name)| (time, format!("step: {name}"))));
    }

    #[test]
    fn node_tests_have_their_times() {
        let lines = [(0, "✔ one (2000.5ms)"), (0, "✖ two (in a) (3100ms)"), (0, "✔ three"), (0, "ℹ duration_ms 12")];
        assert_eq!(slowest(1, &lines), [(3, "step: two (in a)".to_owned()), (2, "step: one".to_owned())]);
    }

    #[test]
    fn no_more_than_the_slowest_are_named() {
        let lines: Vec<_> = (0..20).map(|time| format!("✔ {time} ({time}000ms)")).collect();
        let lines: Vec<_> = lines.iter().map(|line| (0, line.as_str())).collect();
        let slowest = slowest(1, &lines);
        assert_eq!((slowest.len(), slowest[0].0), (NAMED, 19));
    }
}
