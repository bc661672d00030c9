//! Tests that edit documents with the library that clients have.

use super::{node_tests, report::Report, servers::Servers};
use crate::{tools, worker::Worker};

pub(super) fn run(report: &mut Report, servers: &Servers) {
    let Some(fixture) = servers.get("fixture") else {
        return;
    };
    let filter = report.filter().map(str::to_owned);
    let prepared = report.prepare("yjs", || {
        Ok((node_tests::prepare("yjs", filter.as_deref())?, Worker::fixture().write_configuration()?))
    });
    let Some((mut command, config)) = prepared else {
        return;
    };
    command.env("PLUV_FIXTURE_URL", fixture.url());
    // For servers of their own, which they kill.
    command.env("PLUV_WRANGLER", tools::wrangler()).env("PLUV_FIXTURE_CONFIG", config);
    if !report.tests("yjs tests", &mut command) {
        servers.show_logs();
    }
}
