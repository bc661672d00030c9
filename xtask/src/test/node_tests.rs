//! Tests in JavaScript, run by Node.js.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use pluv_tests::TIMEOUT;

use crate::tools;

/// How long the tests of a file may take, as a multiple of what one wait may: where something hangs that nobody waits for.
const WAITS_OF_A_FILE: u32 = 20;

/// How many files run at once. Those that edit documents wait for rooms more than they compute.
fn files_at_once(directory: &str) -> usize {
    if directory == "yjs" { 4 } else { 2 }
}

/// The command that runs the tests in a directory of `tests`, with the packages that they need.
///
/// # Errors
/// When there are none, or the packages can't be installed.
pub(super) fn prepare(directory: &str, filter: Option<&str>) -> Result<Command> {
    let tests = tools::root().join("tests");
    let files = test_files(&tests.join(directory))?;
    tools::install_packages(&tests)?;
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec"]);
    command.arg(format!("--test-concurrency={}", files_at_once(directory)));
    command.arg(format!("--test-timeout={}", (TIMEOUT * WAITS_OF_A_FILE).as_millis()));
    if let Some(filter) = filter {
        command.arg(format!("--test-name-pattern={}", pattern(filter)));
    }
    command.args(files).current_dir(tools::root());
    Ok(command)
}

/// The pattern of what contains `text`.
fn pattern(text: &str) -> String {
    let escaped =
        |letter: char| if letter.is_alphanumeric() || letter == ' ' { letter.into() } else { format!("\\{letter}") };
    text.chars().map(escaped).collect()
}

/// The test files of a directory. Versions of Node.js do not agree on how to find them.
fn test_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let is_test = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.ends_with(".test.mjs") || name.ends_with(".test.js")
    };
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_test).collect();
    files.sort();
    if files.is_empty() {
        bail!("{} has no `*.test.mjs`", directory.display());
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_by_their_names() {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(test_files(directory.path()).is_err());
        for name in ["b.test.mjs", "a.test.js", "page.mjs", "test.txt"] {
            fs::write(directory.path().join(name), "").expect("it is written");
        }
        let files = test_files(directory.path()).expect("there are two");
        assert_eq!(files, ["a.test.js", "b.test.mjs"].map(|name| directory.path().join(name)));
    }
}
