//! Tests that need no server.

use super::{report::Report, typescript::check_bindings};
use crate::workspace::cargo;

pub(super) fn run(report: &mut Report) {
    // The fixture would turn the features of the runtime on.
    let all = ["test", "--workspace", "--exclude", "tests", "--exclude", "fixture", "--no-fail-fast"];
    report.tests("tests", check_bindings(cargo().args(all)));
    let features = ["test", "-p", "pluv-runtime", "--all-features", "--lib", "--no-fail-fast"];
    report.tests("tests, all features", cargo().args(features));
}
