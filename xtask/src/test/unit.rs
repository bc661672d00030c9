//! Tests that need no server.

use super::{cargo_test, report::Report, typescript::ROOMS};

/// The tests of many inputs: of the runtime, which are run once.
const LONG: [&str; 4] =
    ["properties::", "engine::tests::simulation::", "engine::tests::anything::", "document::tests::"];
/// They would turn the features of the runtime on, and `hygiene` wants none. The part `typescript` runs the tests of rooms,
/// and what must not compile is a part of its own.
const OTHERS: [&str; 10] =
    ["tests", "fixture", "chat", "editor", "poker", "whiteboard", "shapes", "hygiene", "ui", "ui-typescript"];

pub(super) fn run(report: &mut Report) {
    let packages =
        ["--workspace", "--no-fail-fast"].into_iter().chain(OTHERS.iter().flat_map(|other| ["--exclude", other]));
    report.tests("tests", &mut cargo_test(report, &packages.collect::<Vec<_>>(), &[]));
    report.tests("tests, hygiene", &mut cargo_test(report, &["-p", "hygiene", "--no-fail-fast"], &[]));
    // No feature changes anything for the long ones, which have just been run.
    let features = ["-p", "pluv-runtime", "--all-features", "--lib", "--no-fail-fast"];
    let skips: Vec<_> = LONG.iter().flat_map(|long| ["--skip", long]).collect();
    report.tests("tests, all features", &mut cargo_test(report, &features, &skips));
    let kit = ["-p", "pluv-runtime", "--features", "testing", "--doc"];
    report.tests("tests, test kit", &mut cargo_test(report, &kit, &[]));
    let examples: Vec<_> = ROOMS.iter().copied().chain(["--lib"]).collect();
    let filter = if report.filter().is_none() { &["tests::"][..] } else { &[] };
    report.tests("tests, examples", &mut cargo_test(report, &examples, filter));
}
