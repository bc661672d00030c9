//! Tests of the client that a room's file of TypeScript brings along.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{node_tests, report::Report, servers::Servers};
use crate::{process, tools, worker::Worker};

/// The rooms whose clients the tests use.
const ROOMS: [&str; 6] = ["Agenda", "Desk", "Lab", "Ledger", "Notes", "Plain"];

pub(super) fn run(report: &mut Report, servers: &Servers) {
    let Some(fixture) = servers.get("fixture") else {
        return;
    };
    let filter = report.filter().map(str::to_owned);
    let prepared = report.prepare("client", || {
        let clients = process::temporary_directory()?;
        make(clients.path())?;
        Ok((node_tests::prepare("client", filter.as_deref())?, clients, Worker::fixture().write_configuration()?))
    });
    let Some((mut command, clients, configuration)) = prepared else {
        return;
    };
    command.env("PLUV_FIXTURE_URL", fixture.url()).env("PLUV_CLIENTS", clients.path());
    // For the worker that a test kills.
    command.env("PLUV_WRANGLER", tools::wrangler()).env("PLUV_FIXTURE_CONFIG", configuration);
    if !report.tests("client tests", &mut command) {
        servers.show_logs();
    }
}

/// Makes the clients, as JavaScript.
fn make(directory: &Path) -> Result<()> {
    let mut export = tools::cargo();
    export.args(["test", "--quiet", "-p", "fixture", "--lib", "export_bindings"]);
    export.env("PLUV_BINDINGS_DIR", directory).env_remove("PLUV_BINDINGS");
    process::run_quietly(&mut export)?;
    let mut esbuild = Command::new(tools::npm_program("esbuild"));
    esbuild.args(ROOMS.map(|room| directory.join(format!("{room}.ts"))));
    esbuild.arg(format!("--outdir={}", directory.display())).args(["--format=esm", "--out-extension:.js=.mjs"]);
    process::run_quietly(&mut esbuild)
}
