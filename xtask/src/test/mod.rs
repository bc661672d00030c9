//! `cargo xtask test`: everything that CI runs.

pub mod count;
pub mod report;
pub mod times;

mod browser;
mod client;
mod clocks;
mod e2e;
mod lint;
mod node_tests;
mod servers;
mod typescript;
mod ui;
mod unit;
mod yjs;

use std::{
    panic::resume_unwind,
    process::Command,
    thread::{self, Scope, ScopedJoinHandle},
};

use clap::{Args, ValueEnum};

use self::{report::Report, servers::Servers};
use crate::{
    process,
    tools::{self, Tools},
};

/// Runs all checks and tests; the last line says how many passed and failed.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Runs one part of them.
    #[arg(long, value_enum)]
    pub only: Option<Part>,
    /// Runs the tests and checks of that part that have this in their names.
    #[arg(long, requires = "only", value_name = "NAME")]
    pub test: Option<String>,
}

/// A part of the checks and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Formatting, lints and documentation.
    Lint,
    /// Tests that need no server.
    Unit,
    /// Rooms in TypeScript.
    Typescript,
    /// Code that must not compile, with the compiler's messages.
    Ui,
    /// Tests that drive a worker over the network.
    E2e,
    /// Tests of the client that a room's file of TypeScript brings along.
    Client,
    /// Tests that edit documents with the library that clients have.
    Yjs,
    /// Tests that drive the examples' pages in a browser.
    Browser,
}

/// The steps of a part.
type Steps = fn(&mut Report);

/// The steps of a part that needs workers.
type ServedSteps = fn(&mut Report, &Servers);

/// Runs the parts; whether all passed.
///
/// Parts that use one CPU, or wait, run beside others: what must not compile beside the other tests of Rust, and pages beside
/// the tests that edit documents.
#[must_use]
pub fn run(options: &Options) -> bool {
    let wanted = |part: Part| options.only.is_none_or(|only| only == part);
    let mut report = Report::new(options.test.clone(), options.only.is_none());
    let served: Vec<_> = SERVED.into_iter().filter(|part| wanted(*part)).collect();
    thread::scope(|scope| {
        let tools = (!served.is_empty())
            .then(|| report.part("tools", |report| report.prepare("tools", Tools::install)))
            .flatten();
        // The linker of an optimized worker uses one CPU.
        let parts = &served;
        let builds = tools.map(|tools| scope.spawn(move || servers::build(&tools, parts)));
        let ui = wanted(Part::Ui).then(|| run_beside(scope, &report, Part::Ui, ui::run));
        let alone: [(Part, Steps); 3] =
            [(Part::Lint, lint::run), (Part::Unit, unit::run), (Part::Typescript, typescript::run)];
        for (part, steps) in alone.into_iter().filter(|(part, _)| wanted(*part)) {
            run_part(&mut report, part, steps);
        }
        if let Some(builds) = builds {
            let servers = report.part("workers", |report| Servers::start(report, joined(builds), parts));
            let run = |report: &mut Report, part, steps: ServedSteps| {
                if wanted(part) {
                    run_part(report, part, |report| steps(report, &servers));
                }
            };
            // A thousand clients, or a hundred that come back at once, want both CPUs.
            run(&mut report, Part::E2e, e2e::run);
            run(&mut report, Part::Client, client::run);
            thread::scope(|scope| {
                let browser = wanted(Part::Browser)
                    .then(|| run_beside(scope, &report, Part::Browser, |report| browser::run(report, &servers)));
                run(&mut report, Part::Yjs, yjs::run);
                browser.into_iter().for_each(|browser| report.merge(joined(browser)));
            });
        }
        ui.into_iter().for_each(|ui| report.merge(joined(ui)));
    });
    report.finish()
}

/// The parts that drive workers.
const SERVED: [Part; 4] = [Part::E2e, Part::Client, Part::Yjs, Part::Browser];

/// Runs a part beside others. What its tests print is shown when the report is merged.
fn run_beside<'scope>(
    scope: &'scope Scope<'scope, '_>,
    report: &Report,
    part: Part,
    steps: impl FnOnce(&mut Report) + Send + 'scope,
) -> ScopedJoinHandle<'scope, Report> {
    let mut report = report.beside();
    scope.spawn(move || {
        run_part(&mut report, part, steps);
        report
    })
}

/// Returns what a thread came to, or panics as it did.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs a part, and says how to run one test of it.
fn run_part(report: &mut Report, part: Part, steps: impl FnOnce(&mut Report)) {
    let name = part.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    report.part(&name, steps);
    process::step(&format!("one test of these: cargo xtask test --only {name} --test NAME"));
}

/// The command that runs the Rust tests of some packages, of which `arguments` are for the test programs. Those that
/// the report asks for are chosen by their names.
fn cargo_test(report: &Report, packages: &[&str], arguments: &[&str]) -> Command {
    let mut command = tools::cargo();
    command.arg("test").args(packages).arg("--").args(arguments).args(report.filter());
    command
}
