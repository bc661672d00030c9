//! Rooms in TypeScript: the files of the examples are as the rooms give them, and the compiler takes them.

use std::process::Command;

use anyhow::Result;

use super::{cargo_test, report::Report};
use crate::{process, tools};

/// The packages with rooms, always together: each choice of packages is compiled anew.
pub(super) const ROOMS: &[&str] =
    &["-p", "chat", "-p", "editor", "-p", "poker", "-p", "whiteboard", "-p", "shapes", "--no-fail-fast"];

/// With the packages of the stock client, and without.
const PROJECTS: [&str; 2] = ["tests/typescript/tsconfig.json", "tests/typescript/tsconfig.alone.json"];

pub(super) fn run(report: &mut Report) {
    // Nothing is written: the files are as they were committed, or the tests that write them fail.
    report.tests("bindings", cargo_test(report, ROOMS, &[]).env("PLUV_BINDINGS", "check"));
    report.check("the chat's client", page);
    let prepared = report.prepare("typescript", || {
        tools::check_node()?;
        tools::install_packages(&tools::root().join("xtask"))
    });
    if prepared.is_none() {
        return;
    }
    for project in PROJECTS {
        report.check(&format!("tsc, {project}"), || {
            process::run(Command::new(tools::npm_program("tsc")).arg("--project").arg(tools::root().join(project)))
        });
    }
    for example in ["editor", "poker", "whiteboard"] {
        report.check(&format!("the {example}'s page"), || {
            let directory = tools::root().join("examples").join(example).join("page");
            tools::install_packages(&directory)?;
            process::run(Command::new("npm").args(["run", "--silent", "check"]).current_dir(directory))
        });
    }
}

/// Checks that the client that the chat's page imports is made of the room's own.
fn page() -> Result<()> {
    tools::check_node()?;
    let directory = tools::root().join("examples/chat/vendor");
    tools::install_packages(&directory)?;
    process::run(Command::new("node").args(["build.mjs", "check"]).current_dir(directory))
}
