//! Tests that drive the example's page in a browser.

use super::{node_tests, report::Report, servers::Servers};
use crate::chromium;

pub(super) fn run(report: &mut Report, servers: &Servers) {
    let Some(chat) = &servers.chat else {
        return;
    };
    let prepared = report.prepare("browser", || Ok((node_tests::prepare("browser")?, chromium::install()?)));
    let Some((mut command, chromium)) = prepared else {
        return;
    };
    command.env("PLUV_CHAT_URL", chat.url()).env("PLUV_CHROMIUM", chromium);
    if !report.tests("browser tests", &mut command) {
        servers.show_logs();
    }
}
