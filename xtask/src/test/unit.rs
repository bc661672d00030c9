//! Tests that need no server.

use super::report::Report;
use crate::workspace::cargo;

pub(super) fn run(report: &mut Report) {
    let mut all = cargo();
    all.args(["test", "--workspace", "--exclude", "tests", "--no-fail-fast"]);
    // They would turn the features of the runtime on, and `hygiene` wants none. The part `typescript` runs the tests of
    // rooms, and what must not compile is a part of its own.
    for other in ["fixture", "chat", "editor", "whiteboard", "shapes", "hygiene", "ui", "ui-typescript"] {
        all.args(["--exclude", other]);
    }
    report.tests("tests", &mut all);
    report.tests("tests, hygiene", cargo().args(["test", "-p", "hygiene", "--no-fail-fast"]));
    let features = ["test", "-p", "pluv-runtime", "--all-features", "--lib", "--no-fail-fast"];
    report.tests("tests, all features", cargo().args(features));
    report.tests("tests, test kit", cargo().args(["test", "-p", "pluv-runtime", "--features", "testing", "--doc"]));
    for example in ["chat", "whiteboard"] {
        report.tests(&format!("tests, {example}"), cargo().args(["test", "-p", example, "--lib", "tests::"]));
    }
}
