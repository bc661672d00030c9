//! The steps of a test run, and what came of them.

use std::process::Command;

use anyhow::{Result, bail};

use super::count::Count;
use crate::process;

/// What came of the steps so far. A step that fails stops no other one.
#[derive(Debug, Default)]
pub struct Report {
    total: Count,
    failures: Vec<String>,
}

impl Report {
    /// A step that passes or fails as a whole.
    pub fn check(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
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
        let result = self.count(command);
        if let Err(error) = result {
            if self.total.failed == before.failed {
                self.total += Count::FAILED;
            }
            self.tell(name, &error);
        }
        self.total.failed == before.failed
    }

    fn count(&mut self, command: &mut Command) -> Result<()> {
        let mut counted = false;
        let status = process::run_by_line(command, |line| {
            println!("{line}");
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

    /// Prints what failed and, as the last line, the counts; whether all passed.
    #[must_use]
    pub fn finish(self) -> bool {
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{}", self.total);
        self.total.failed == 0
    }

    fn fail(&mut self, name: &str, error: &anyhow::Error) {
        self.total += Count::FAILED;
        self.tell(name, error);
    }

    fn tell(&mut self, name: &str, error: &anyhow::Error) {
        eprintln!("error: {name}: {error:#}");
        self.failures.push(name.to_owned());
    }
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
