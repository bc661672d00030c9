//! Tests that need no server.

use super::report::Report;
use crate::tools::cargo;

/// The tests of many inputs: of the runtime, which are run once.
const LONG: [&str; 4] = ["properties::", "room::tests::simulation::", "room::tests::anything::", "storage::tests::"];

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
    let mut features = cargo();
    features.args(["test", "-p", "pluv-runtime", "--all-features", "--lib", "--no-fail-fast", "--"]);
    // No feature changes anything for these, which take long and have just been run.
    for long in LONG {
        features.args(["--skip", long]);
    }
    report.tests("tests, all features", &mut features);
    report.tests("tests, test kit", cargo().args(["test", "-p", "pluv-runtime", "--features", "testing", "--doc"]));
    for example in ["chat", "whiteboard"] {
        report.tests(&format!("tests, {example}"), cargo().args(["test", "-p", example, "--lib", "tests::"]));
    }
}
