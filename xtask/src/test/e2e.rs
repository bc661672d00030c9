//! Tests that drive a worker over the network.

use super::{
    cargo_test,
    report::{Report, TEST_THREADS},
    servers::Servers,
};

pub(super) fn run(report: &mut Report, servers: &Servers) {
    let (Some(chat), Some(fixture), Some(faults)) =
        (servers.get("chat"), servers.get("fixture"), servers.get("faults"))
    else {
        return;
    };
    let mut command = cargo_test(report, &["-p", "tests", "--no-fail-fast"], &[]);
    command.env("PLUV_CHAT_URL", chat.url()).env("PLUV_FIXTURE_URL", fixture.url());
    command.env("PLUV_FAULTS_URL", faults.url()).env("PLUV_FIXTURE_LOG", fixture.log_file());
    // They wait for the network and for sleeping rooms, and compute little: more of them at once than there are CPUs.
    command.env(TEST_THREADS, "16");
    if !report.tests("end-to-end tests", &mut command) {
        servers.show_logs();
    }
}
