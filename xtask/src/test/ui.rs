//! Code that must not compile, with the compiler's messages; and that what must compile does so on nightly too.

use std::process::Command;

use super::report::Report;
use crate::{
    process,
    tools::{self, cargo},
};

pub(super) fn run(report: &mut Report) {
    for (name, package) in [("compile-fail tests", "ui"), ("compile-fail tests, TypeScript", "ui-typescript")] {
        let mut command = cargo();
        command.args(["test", "-p", package]);
        if let Some(filter) = report.filter() {
            command.arg("--").arg(format!("trybuild={filter}"));
        }
        report.tests(name, &mut command);
    }
    // Apart, as the one wants no features of the runtime.
    for package in ["hygiene", "chat"] {
        report.check(&format!("{package}, nightly"), || {
            let mut command = Command::new("rustup");
            command.args(["run", "--install", "nightly", "cargo", "check", "-p", package]);
            // Beside what the pinned compiler makes; and a lint that is new today breaks nothing.
            command.args(["--target-dir", "target/nightly"]).env("RUSTFLAGS", "--cap-lints=warn");
            process::run_quietly(command.current_dir(tools::root()))
        });
    }
}
