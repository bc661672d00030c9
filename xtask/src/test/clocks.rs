//! Tests that use a clock. On a slow or busy machine, whatever must happen within a time fails at random: a test waits for
//! what is to be, by `tests/wait.mjs` or by the tests' own clients, and what is measured belongs to `cargo xtask bench`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::tools;

/// By what code uses a clock. What begins with a dot or a space in front of it is a clock of the test kit.
const USES: [&str; 13] = [
    "setTimeout(",
    "setInterval(",
    "waitForTimeout(",
    "sleep(",
    "Date.now",
    "performance.now",
    "elapsed(",
    "Instant::now",
    "SystemTime::now",
    "timeout(",
    "timeout:",
    "timeout_global(",
    "wait_timeout",
];

/// Where tests are: all that is below `tests`, and the tests of the crates beside what they test.
const PLACES: [&str; 5] = ["tests", "xtask/src", "pluv-runtime/src", "pluv-macros/src", "examples"];

/// A place that may use a clock.
struct Allowed {
    /// The file, or the directory of several.
    file: &'static str,
    /// A part of its line.
    line: &'static str,
    /// The reason why that fails on no machine.
    reason: &'static str,
}

const fn allow(file: &'static str, line: &'static str, reason: &'static str) -> Allowed {
    Allowed { file, line, reason }
}

const LIMIT: &str = "it is the one limit of all waits";
const PACE: &str = "it spreads what clients do, and nothing depends on how long that takes";
const MEASURED: &str = "it is run by hand, to measure, and compares with nothing";
const LEAST: &str = "it is the least that may pass, which a slow machine only exceeds";

const ALLOWED: &[Allowed] = &[
    allow("tests/browser", "timeout: TIMEOUT", LIMIT),
    allow(
        "tests/browser",
        "page.waitForTimeout(",
        "a picture is taken of what has come to rest, for people to look at",
    ),
    allow("tests/browser/editor.test.mjs", "setTimeout(resolve)", "timers that were set before have run"),
    allow("tests/wait.mjs", "Date.now() ", LIMIT),
    allow("tests/wait.mjs", "await sleep(PAUSE)", "it looks again at what is waited for"),
    allow("tests/wait.mjs", "return sleep(ms)", "`still` and `pace` say what they are for"),
    allow("tests/wait.mjs", "sleep(HIBERNATION_DELAY)", "a room that did not hibernate meanwhile is tried again"),
    allow("tests/server.mjs", "AbortSignal.timeout(TIMEOUT / 4)", LIMIT),
    allow("tests/yjs/client.mjs", "const giveUp = setTimeout(", LIMIT),
    allow("tests/src", "timeout(TIMEOUT", LIMIT),
    allow("tests/tests", "timeout(TIMEOUT", LIMIT),
    allow("tests/src/hibernation.rs", "Instant::now()", LIMIT),
    allow("tests/src/hibernation.rs", "elapsed() < TIMEOUT", LIMIT),
    allow(
        "tests/src/hibernation.rs",
        "sleep(HIBERNATION_DELAY)",
        "a room that did not hibernate meanwhile is tried again",
    ),
    allow("tests/tests/hibernation.rs", "sleep(HIBERNATION_DELAY / 4)", PACE),
    allow("tests/src/event_log.rs", "sleep(pause)", "it looks again at what is waited for"),
    allow("tests/tests/yjs.rs", "sleep(Duration::from_millis(50))", "it looks again at what is waited for"),
    allow("tests/tests/idle.rs", "sleep(PAUSE)", PACE),
    allow("tests/src/lib.rs", "SystemTime::now()", "it makes a name that is new"),
    allow("tests/src/tokens.rs", "SystemTime::now()", "a token has a time"),
    allow("tests/yjs/readme.test.mjs", "Date.now() / 1000", "a token has a time"),
    allow("tests/yjs/readme.test.mjs", "since", LEAST),
    allow("tests/yjs/document.test.mjs", "performance.now()", LEAST),
    allow(
        "tests/browser/whiteboard.test.mjs",
        "performance.now()",
        "what may be said grows with the time that it took",
    ),
    allow("tests/yjs/kill.test.mjs", "performance.now()", "it is told, and compared with nothing"),
    allow("tests/client/connect.test.mjs", "{ timeout: 100 }", "nothing answers"),
    allow(
        "tests/client/connect.test.mjs",
        "timeout: 5_000",
        "nothing answers in the end, and before that a call that is lost is made again",
    ),
    allow(
        "tests/tests/faults/hooks.rs",
        "SystemTime::now()",
        "a room is named after a time, and another is tried where that was too soon",
    ),
    allow("tests/tests/faults/hooks.rs", "sleep(time.saturating_sub(now())", LEAST),
    allow(
        "tests/tests/faults/hooks.rs",
        "sleep(Duration::from_millis(1_500))",
        "an alarm that comes later is seen later",
    ),
    allow("pluv-runtime/src/update/tests.rs", "let start = std::time::Instant::now()", MEASURED),
    allow("pluv-runtime/src/update/tests.rs", "start.elapsed() / times", MEASURED),
    allow("xtask/src/test/times.rs", "Instant::now()", "the lines of the test have times of their own"),
];

/// Checks that no test uses a clock where that is not known to be harmless.
///
/// # Errors
/// With the lines that do, and with what is allowed and not there.
pub(super) fn check() -> Result<()> {
    let mut uses = Vec::new();
    for place in PLACES {
        collect(&tools::root(), Path::new(place), &mut uses)?;
    }
    let problems = problems(&uses, ALLOWED);
    if !problems.is_empty() {
        bail!("tests use a clock:\n{}", problems.join("\n"));
    }
    Ok(())
}

/// A line of a test that uses a clock.
#[derive(Debug)]
struct Use {
    file: PathBuf,
    number: usize,
    line: String,
}

fn problems(uses: &[Use], allowed: &[Allowed]) -> Vec<String> {
    let is_of =
        |found: &Use, allowed: &Allowed| found.file.starts_with(allowed.file) && found.line.contains(allowed.line);
    let unknown = uses.iter().filter(|found| !allowed.iter().any(|allowed| is_of(found, allowed))).map(|found| {
        let (file, number, line) = (found.file.display(), found.number, found.line.trim());
        format!("{file}:{number}: `{line}`: wait for what is to be, or say in `xtask/src/test/clocks.rs` why it may")
    });
    let unused = allowed.iter().filter(|allowed| !uses.iter().any(|found| is_of(found, allowed)));
    let unused =
        unused.map(|Allowed { file, line, reason }| format!("{file} has no `{line}`, which is allowed as {reason}"));
    unknown.chain(unused).collect()
}

fn collect(root: &Path, place: &Path, uses: &mut Vec<Use>) -> Result<()> {
    let directory = root.join(place);
    let entries = fs::read_dir(&directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = place.join(entry.file_name());
        if entry.path().is_dir() {
            if !matches!(entry.file_name().to_str(), Some("node_modules" | "build" | "target" | "public" | "vendor")) {
                collect(root, &path, uses)?;
            }
        } else if path == Path::new("xtask/src/test/clocks.rs") {
            // What is said of clocks here uses none.
        } else if matches!(path.extension().and_then(|extension| extension.to_str()), Some("rs" | "mjs")) {
            let text =
                fs::read_to_string(entry.path()).with_context(|| format!("{} cannot be read", path.display()))?;
            uses.extend(uses_of(&path, &text));
        }
    }
    Ok(())
}

/// The uses in a file: in all of it if it is a test, or from where its tests begin.
fn uses_of(file: &Path, text: &str) -> Vec<Use> {
    let is_test = file.starts_with("tests") && !file.starts_with("tests/fixture")
        || file.iter().any(|part| matches!(part.to_str(), Some("tests" | "tests.rs"))) && !file.starts_with("tests");
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let tested = lines.skip_while(|(_, line)| !is_test && !line.trim_start().starts_with("#[cfg(test)]"));
    let using = tested.filter(|(_, line)| uses_clock(line));
    using.map(|(number, line)| Use { file: file.to_owned(), number, line: line.to_owned() }).collect()
}

fn uses_clock(line: &str) -> bool {
    let code = line.trim_start();
    if code.starts_with("//") || code.contains("fn sleep(") || code.starts_with("import ") || code.starts_with("use ") {
        return false;
    }
    USES.iter().any(|word| {
        code.match_indices(word).any(|(at, _)| {
            // Part of another name, or the virtual clock of a world of tests.
            let before = code[..at].chars().next_back();
            let is_virtual = before == Some('.') && *word == "sleep(";
            !is_virtual && !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_seen_in_tests_alone() {
        let text =
            "thread::sleep(x);\n#[cfg(test)]\nmod tests {\n    // sleep(x)\n    sleep(x);\n    world.sleep();\n}\n";
        let numbers = |file: &str| uses_of(Path::new(file), text).iter().map(|found| found.number).collect::<Vec<_>>();
        assert_eq!(numbers("xtask/src/server.rs"), [5]);
        assert_eq!(numbers("tests/tests/limits.rs"), [1, 5]);
        assert_eq!(numbers("tests/fixture/src/lib.rs"), [5]);
        assert_eq!(numbers("pluv-runtime/src/engine/tests/world.rs"), [1, 5]);
    }

    #[test]
    fn what_is_new_or_gone_is_told() {
        let found = Use { file: "tests/a.mjs".into(), number: 7, line: "  await sleep(5);".to_owned() };
        assert!(problems(&[], &[]).is_empty());
        assert!(problems(std::slice::from_ref(&found), &[allow("tests/a.mjs", "sleep(5)", PACE)]).is_empty());
        let unknown = problems(&[found], &[]);
        assert!(unknown[0].starts_with("tests/a.mjs:7: `await sleep(5);`: "), "{unknown:?}");
        let unused = problems(&[], &[allow("tests/a.mjs", "sleep(5)", PACE)]);
        assert!(unused[0].starts_with("tests/a.mjs has no `sleep(5)`"), "{unused:?}");
    }
}
