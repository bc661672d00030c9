//! Tests that need no server.

use super::report::Report;
use crate::workspace::cargo;

pub(super) fn run(report: &mut Report) {
    let mut all = cargo();
    all.args(["test", "--workspace", "--exclude", "tests", "--no-fail-fast"]);
    // They would turn the features of the runtime on. The part `typescript` runs the tests of rooms.
    for room in ["fixture", "chat", "shapes"] {
        all.args(["--exclude", room]);
    }
    report.tests("tests", &mut all);
    let features = ["test", "-p", "pluv-runtime", "--all-features", "--lib", "--no-fail-fast"];
    report.tests("tests, all features", cargo().args(features));
}
