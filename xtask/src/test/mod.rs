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

use std::process::Command;

use clap::{Args, ValueEnum};

use self::{
    report::Report,
    servers::{Servers, Wanted},
};
use crate::{process, tools};

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
    /// What rooms are in TypeScript.
    Typescript,
    /// What must not compile, and what the compiler says of it.
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
#[must_use]
pub fn run(options: &Options) -> bool {
    let wanted = |part| options.only.is_none_or(|only| only == part);
    let mut report = Report::new(options.test.clone());
    let alone: [(Part, Steps); 4] =
        [(Part::Lint, lint::run), (Part::Unit, unit::run), (Part::Typescript, typescript::run), (Part::Ui, ui::run)];
    for (part, steps) in alone {
        if wanted(part) {
            run_part(&mut report, part, steps);
        }
    }
    let workers = Wanted {
        chat: wanted(Part::E2e) || wanted(Part::Browser),
        editor: wanted(Part::Browser),
        whiteboard: wanted(Part::Browser),
        fixture: wanted(Part::E2e) || wanted(Part::Client) || wanted(Part::Yjs),
        faults: wanted(Part::E2e),
    };
    if workers.any() {
        let servers = report.part("workers", |report| Servers::start(report, workers));
        let served: [(Part, ServedSteps); 4] =
            [(Part::E2e, e2e::run), (Part::Client, client::run), (Part::Yjs, yjs::run), (Part::Browser, browser::run)];
        for (part, steps) in served {
            if wanted(part) {
                run_part(&mut report, part, |report| steps(report, &servers));
            }
        }
    }
    report.finish()
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
