//! `cargo xtask test`: everything that CI runs.

pub mod count;
pub mod report;

mod browser;
mod client;
mod e2e;
mod lint;
mod node_tests;
mod servers;
mod typescript;
mod ui;
mod unit;
mod yjs;

use clap::{Args, ValueEnum};

use self::{
    report::Report,
    servers::{Servers, Wanted},
};

/// Runs all checks and tests; the last line says how many passed and failed.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Runs one part of them.
    #[arg(long, value_enum)]
    pub only: Option<Part>,
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

/// Runs the parts; whether all passed.
#[must_use]
pub fn run(options: &Options) -> bool {
    let wanted = |part| options.only.is_none_or(|only| only == part);
    let mut report = Report::default();
    if wanted(Part::Lint) {
        lint::run(&mut report);
    }
    if wanted(Part::Unit) {
        unit::run(&mut report);
    }
    if wanted(Part::Typescript) {
        typescript::run(&mut report);
    }
    if wanted(Part::Ui) {
        ui::run(&mut report);
    }
    let workers = Wanted {
        chat: wanted(Part::E2e) || wanted(Part::Browser),
        editor: wanted(Part::Browser),
        whiteboard: wanted(Part::Browser),
        fixture: wanted(Part::E2e) || wanted(Part::Client) || wanted(Part::Yjs),
        faults: wanted(Part::E2e),
    };
    if workers.any() {
        let servers = Servers::start(&mut report, workers);
        if wanted(Part::E2e) {
            e2e::run(&mut report, &servers);
        }
        if wanted(Part::Client) {
            client::run(&mut report, &servers);
        }
        if wanted(Part::Yjs) {
            yjs::run(&mut report, &servers);
        }
        if wanted(Part::Browser) {
            browser::run(&mut report, &servers);
        }
    }
    report.finish()
}
