//! Formatting, lints and documentation.

use std::process::Command;

use super::{clocks, report::Report};
use crate::{
    process, style,
    tools::{self, TARGET, cargo},
};

/// The packages of each run of clippy. Features of packages that are looked at together add up, so each step names its own.
const CLIPPY: [(&str, &[&str]); 6] = [
    ("clippy", &["--workspace", "--exclude", "fixture", "--exclude", "hygiene", "--all-targets"]),
    ("clippy, no features", &["-p", "pluv-runtime", "-p", "hygiene", "--all-targets"]),
    ("clippy, all features", &["-p", "pluv-runtime", "-p", "fixture", "--all-features", "--all-targets"]),
    (
        "clippy, wasm32",
        &["-p", "pluv-runtime", "-p", "chat", "-p", "editor", "-p", "poker", "-p", "whiteboard", "--target", TARGET],
    ),
    ("clippy, wasm32, no features", &["-p", "pluv-runtime", "-p", "hygiene", "--target", TARGET]),
    ("clippy, wasm32, all features", &["-p", "pluv-runtime", "-p", "fixture", "--all-features", "--target", TARGET]),
];

pub(super) fn run(report: &mut Report) {
    report.prepare("toolchain", tools::complete_toolchain);
    report.check("rustfmt", || process::run(cargo().args(["fmt", "--all", "--check"])));
    report.check("biome", || {
        tools::install_packages(&tools::root().join("xtask"))?;
        let mut command = Command::new(tools::npm_program("biome"));
        process::run(command.args(["ci", "--error-on-warnings", "."]).current_dir(tools::root()))
    });
    report.check("names and comments", style::check);
    report.check("clocks in tests", clocks::check);
    for (name, what) in CLIPPY {
        report.check(name, || process::run(cargo().arg("clippy").args(what).args(["--", "-D", "warnings"])));
    }
    report.check("documentation", || {
        let mut command = cargo();
        command.args([
            "doc",
            "--no-deps",
            "-p",
            "pluv-runtime",
            "-p",
            "pluv-macros",
            "--features",
            "pluv-runtime/testing",
        ]);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
}
