//! Compile-fail tests: each case is beside its expected output.
//!
//! `cargo test -p ui` runs all, and with ` -- trybuild=NAME` those whose path contains NAME. `TRYBUILD=overwrite` writes the
//! current output.

use std::{env, fs, panic, path::Path, process::Command};

/// The directories of the cases.
const TOPICS: [&str; 6] = ["options", "events", "tasks", "types", "hooks", "shape"];

fn main() {
    assert_pinned();
    let cases = wanted();
    let several = cases.iter().filter(|case| !is_one_error(case)).collect::<Vec<_>>();
    assert!(several.is_empty(), "each of these must give one error, and nothing of std's source: {several:?}");
    assert_quoted();
    let run = || {
        let tests = trybuild::TestCases::new();
        for case in &cases {
            tests.compile_fail(case);
        }
    };
    let failed = panic::catch_unwind(run).map_or_else(|panic| failed(&panic, cases.len()), |()| 0);
    // As `cargo test` has it: each case is a test.
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {failed} failed; 0 ignored", cases.len() - failed);
    std::process::exit(if failed == 0 { 0 } else { 101 });
}

/// Asserts that the compiler has the pinned version, as its messages change with its version.
fn assert_pinned() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file =
        fs::read_to_string(directory.join("../../rust-toolchain.toml")).expect("the repository pins its compiler");
    let pinned = file.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'));
    let pinned = pinned.expect("`rust-toolchain.toml` has a channel");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("`rustc` runs").stdout;
    let version = String::from_utf8_lossy(&version);
    assert!(
        version.split(' ').nth(1) == Some(pinned),
        "these are the messages of Rust {pinned}, and this is `{}`: run them as `cargo +{pinned} test -p ui`",
        version.trim(),
    );
}

/// Returns whether the expected output of a case is one error, as a case has one mistake; a case called `several` has several.
/// Output must not quote std's source, which is not installed on every machine.
fn is_one_error(case: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(case).with_extension("stderr");
    // Without an expected output, trybuild says what to do.
    let Ok(text) = fs::read_to_string(path) else { return true };
    let errors = text.lines().filter(|line| line.starts_with("error")).count();
    let is_several = case.ends_with("/several.rs");
    (errors > 1) == is_several && !text.contains("$RUST") && !text.lines().any(|line| line.starts_with("warning"))
}

/// Asserts that the README quotes messages as they are printed.
fn assert_quoted() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(directory.join("../../README.md")).expect("there is a README");
    let (_, section) = readme.split_once("## What the compiler catches").expect("the README has that section");
    let (section, _) = section.split_once("\n## ").expect("another section follows");
    let quoted: Vec<_> = section.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert!(quoted.len() >= 3, "the README shows three messages");
    let texts: Vec<_> = all()
        .iter()
        .filter_map(|case| fs::read_to_string(directory.join(case).with_extension("stderr")).ok())
        .collect();
    for text in quoted {
        assert!(texts.iter().any(|known| known.starts_with(text)), "the README quotes an outdated message:\n{text}");
    }
}

/// Returns the cases that the command line selects.
fn wanted() -> Vec<String> {
    let filters: Vec<_> =
        env::args().filter_map(|argument| argument.strip_prefix("trybuild=").map(str::to_owned)).collect();
    let mut cases = all();
    cases.retain(|case| filters.is_empty() || filters.iter().any(|filter| case.contains(filter)));
    cases
}

fn all() -> Vec<String> {
    let mut cases = Vec::new();
    for topic in TOPICS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(topic);
        let entries =
            fs::read_dir(directory).expect("a topic is a directory").map(|entry| entry.expect("it can be read"));
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        cases.extend(names.filter(|name| name.ends_with(".rs")).map(|name| format!("{topic}/{name}")));
    }
    cases.sort();
    cases
}

/// Reads the number of failures from trybuild's panic: "3 of 60 tests failed".
fn failed(panic: &Box<dyn std::any::Any + Send>, all: usize) -> usize {
    let text = panic.downcast_ref::<String>().map_or("", String::as_str);
    text.split_once(" of ").and_then(|(failed, _)| failed.parse().ok()).unwrap_or(all)
}
