//! The steps of a test run, and what came of them.

use std::{
    env,
    ffi::OsStr,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{count::Count, times::Times};
use crate::process;

/// How many Rust tests run at once, where the command says so.
pub(super) const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// How many lines about failed tests are repeated at the end.
const DETAILS: usize = 100;

/// The results of the steps so far. A step that fails stops no other one.
#[derive(Debug, Default)]
pub struct Report {
    /// A part of the names of the tests and checks to run.
    filter: Option<String>,
    /// Whether other parts run at the same time.
    is_shared: bool,
    total: Count,
    failures: Vec<String>,
    /// The lines with which runners tell of the tests that failed.
    details: Vec<String>,
    parts: Vec<(String, Duration)>,
    times: Times,
    /// The output of the tests, while other parts print theirs.
    held: Option<Vec<String>>,
}

impl Report {
    /// A report of the tests and checks that have `filter` in their names, if there is one. It is shared by several parts,
    /// or one has it alone.
    #[must_use]
    pub fn new(filter: Option<String>, is_shared: bool) -> Self {
        Self { filter, is_shared, ..Self::default() }
    }

    /// A part of the names of the tests to run.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// A report for a part that runs beside others: it prints what tests print when it is [merged](Self::merge).
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { held: self.is_shared.then(Vec::new), ..Self::new(self.filter.clone(), self.is_shared) }
    }

    /// Adds what came of steps that ran beside these.
    pub fn merge(&mut self, other: Self) {
        other.held.into_iter().flatten().for_each(|line| println!("{line}"));
        self.total += other.total;
        self.failures.extend(other.failures);
        self.details.extend(other.details);
        self.parts.extend(other.parts);
        self.times.merge(other.times);
    }

    /// Some steps whose time is told at the end.
    pub fn part<T>(&mut self, name: &str, steps: impl FnOnce(&mut Self) -> T) -> T {
        let start = Instant::now();
        let result = steps(self);
        self.parts.push((name.to_owned(), start.elapsed()));
        result
    }

    /// A step that passes or fails as a whole.
    pub fn check(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        if self.filter().is_some_and(|filter| !name.contains(filter)) {
            return;
        }
        if self.prepare(name, step).is_some() {
            self.total += Count::PASSED;
        }
    }

    /// A step that others build on, which counts only when it fails.
    pub fn prepare<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Option<T> {
        process::step(name);
        step().map_err(|error| self.fail(name, &error)).ok()
    }

    /// A step that runs tests, and prints how many passed and failed; whether all passed.
    pub fn tests(&mut self, name: &str, command: &mut Command) -> bool {
        process::step(name);
        let before = self.total;
        let result = self.count(name, command);
        if let Err(error) = result {
            if self.total.failed == before.failed {
                self.total += Count::FAILED;
            }
            self.print_failure(name, &error);
        }
        self.total.failed == before.failed
    }

    fn count(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let (mut counted, mut is_detail) = (false, false);
        let threads = threads(command);
        let status = process::run_by_line(command, |line| {
            match &mut self.held {
                Some(held) => held.push(line.to_owned()),
                None => println!("{line}"),
            }
            is_detail = (is_detail || begins_details(line)) && !line.starts_with("test result: ");
            if is_detail {
                self.details.push(line.to_owned());
            } else {
                self.times.read(name, threads, line, Instant::now());
            }
            if let Some(count) = Count::read(line) {
                self.total += count;
                counted = true;
            }
        })?;
        if !status.success() {
            bail!("`{}` failed ({status})", process::title(command));
        }
        if !counted {
            bail!("`{}` ran no test", process::title(command));
        }
        Ok(())
    }

    /// Prints what failed and why, how long it took and, as the last line, the counts; whether all passed.
    #[must_use]
    pub fn finish(mut self) -> bool {
        if let Some(filter) = self.filter.take().filter(|_| self.total == Count::default()) {
            self.fail("tests", &anyhow::anyhow!("no test has `{filter}` in its name"));
        }
        for line in self.details.iter().take(DETAILS) {
            println!("{line}");
        }
        for (name, time) in &self.parts {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
        println!("the slowest tests:");
        for (time, name) in self.times.slowest() {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{}", self.total);
        self.total.failed == 0
    }

    fn fail(&mut self, name: &str, error: &anyhow::Error) {
        self.total += Count::FAILED;
        self.print_failure(name, error);
    }

    fn print_failure(&mut self, name: &str, error: &anyhow::Error) {
        eprintln!("error: {name}: {error:#}");
        self.failures.push(name.to_owned());
    }
}

/// Whether a runner begins to tell of the tests that failed: Cargo's up to its result, Node's up to its end.
fn begins_details(line: &str) -> bool {
    matches!(line, "failures:" | "✖ failing tests:")
}

/// How many tests a command of Cargo runs at once.
fn threads(command: &Command) -> usize {
    let own =
        command.get_envs().find(|(name, _)| *name == TEST_THREADS).and_then(|(_, value)| value.map(OsStr::to_owned));
    let given = own.or_else(|| env::var_os(TEST_THREADS)).and_then(|threads| threads.to_str()?.parse().ok());
    given.or_else(|| thread::available_parallelism().ok().map(Into::into)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn checks_count_once() {
        let mut report = Report::default();
        report.check("good", || Ok(()));
        report.check("bad", || bail!("no"));
        assert_eq!(report.prepare("prepared", || Ok(1)), Some(1));
        assert_eq!(report.prepare("not prepared", || bail!("no")), None::<u8>);
        assert_eq!(report.total, Count { passed: 1, failed: 2 });
        assert_eq!(report.failures, ["bad", "not prepared"]);
        assert!(!report.finish());
    }

    #[test]
    fn only_what_is_asked_for_is_checked() {
        let mut report = Report::new(Some("oo".to_owned()), true);
        report.check("good", || Ok(()));
        report.check("bad", || bail!("no"));
        assert_eq!(report.total, Count { passed: 1, failed: 0 });
        assert!(report.finish());
        assert!(!Report::new(Some("oo".to_owned()), true).finish(), "nothing is");
    }

    #[test]
    fn tests_are_counted() {
        let mut report = Report::default();
        let pass = "echo 'test result: ok. 2 passed; 0 failed; x'; echo 'test result: ok. 3 passed; 0 failed; x'";
        assert!(report.tests("all pass", &mut shell(pass)));
        assert_eq!(report.total, Count { passed: 5, failed: 0 });
        let fail = "echo 'test result: FAILED. 1 passed; 2 failed; x'; exit 101";
        assert!(!report.tests("some fail", &mut shell(fail)));
        assert_eq!(report.total, Count { passed: 6, failed: 2 });
    }

    #[test]
    fn failures_are_repeated_at_the_end() {
        let mut report = Report::default();
        let rust = "printf 'test a ... FAILED\\n\\nfailures:\\n\\n---- a ----\\nwhy\\n\\ntest result: FAILED. 0 passed; 1 failed; x\\n'; exit 1";
        assert!(!report.tests("rust", &mut shell(rust)));
        assert_eq!(report.details, ["failures:", "", "---- a ----", "why", ""]);
        report.details.clear();
        let node = "printf '✖ b (2.5ms)\\nℹ fail 1\\n\\n✖ failing tests:\\n\\n✖ b (2.5ms)\\n  why\\n'; exit 1";
        assert!(!report.tests("node", &mut shell(node)));
        assert_eq!(report.details, ["✖ failing tests:", "", "✖ b (2.5ms)", "  why"]);
        assert_eq!(report.times.slowest().len(), 1, "its time counts once");
    }

    #[test]
    fn reports_are_merged() {
        let mut report = Report::new(Some("a".to_owned()), true);
        let mut beside = report.beside();
        beside.part("ui", |report| report.tests("bad a", &mut shell("echo '✔ a (2000ms)'; echo 'ℹ pass 1'; exit 1")));
        assert_eq!(beside.held.as_deref(), Some(&["✔ a (2000ms)", "ℹ pass 1"].map(str::to_owned)[..]));
        report.check("a", || Ok(()));
        report.merge(beside);
        assert_eq!(report.total, Count { passed: 2, failed: 1 });
        assert_eq!((report.parts.len(), report.times.slowest().len()), (1, 1));
        assert_eq!(report.failures, ["bad a"]);
    }

    #[test]
    fn what_fails_without_a_count_counts_once() {
        let mut report = Report::default();
        assert!(!report.tests("does not compile", &mut shell("exit 101")));
        assert!(!report.tests("runs nothing", &mut shell("echo hello")));
        let crash = "echo 'test result: ok. 2 passed; 0 failed; x'; exit 1";
        assert!(!report.tests("crashes later", &mut shell(crash)));
        assert_eq!(report.total, Count { passed: 2, failed: 3 });
        assert_eq!(report.failures, ["does not compile", "runs nothing", "crashes later"]);
    }
}
