//! Tests that drive the examples' pages in a browser.

use super::{node_tests, report::Report, servers::Servers};
use crate::tools;

pub(super) fn run(report: &mut Report, servers: &Servers) {
    let (Some(chat), Some(editor), Some(poker), Some(whiteboard)) =
        (servers.get("chat"), servers.get("editor"), servers.get("poker"), servers.get("whiteboard"))
    else {
        return;
    };
    let filter = report.filter().map(str::to_owned);
    let prepared = report
        .prepare("browser", || Ok((node_tests::prepare("browser", filter.as_deref())?, tools::install_chromium()?)));
    let Some((mut command, chromium)) = prepared else {
        return;
    };
    command.env("PLUV_CHAT_URL", chat.url()).env("PLUV_EDITOR_URL", editor.url());
    command.env("PLUV_POKER_URL", poker.url()).env("PLUV_WHITEBOARD_URL", whiteboard.url());
    command.env("PLUV_EDITOR_LOG", editor.log_file()).env("PLUV_WHITEBOARD_LOG", whiteboard.log_file());
    command.env("PLUV_CHROMIUM", chromium);
    if !report.tests("browser tests", &mut command) {
        servers.show_logs();
    }
}
