//! A process of its own for a test, in which nothing else takes memory.

use std::{alloc::System, env, process::Command};

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Says to a process what it is there for.
const CASE: &str = "PLUV_TEST_ALONE";

/// Runs the test of this path in a process of its own, once for each case, with so many bytes of memory. Prints what the
/// cases print.
pub(crate) fn alone(test: &str, memory: usize, cases: impl IntoIterator<Item = &'static str>, run: impl FnOnce(&str)) {
    if let Ok(case) = env::var(CASE) {
        ALLOCATOR.set_limit(ALLOCATOR.allocated() + memory).expect("it is not allocated yet");
        return run(&case);
    }
    for case in cases {
        // A backtrace takes more memory than there is, and hangs.
        let program = env::current_exe().expect("a test is a program");
        let output = Command::new(program)
            .args([test, "--exact", "--nocapture"])
            .env(CASE, case)
            .env("RUST_BACKTRACE", "0")
            .output();
        let output = output.expect("the test can be run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{case}: {said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("1 passed"), "there is no test `{test}`");
        said.lines().filter(|line| line.starts_with("up to ")).for_each(|line| println!("{case}: {line}"));
    }
}

/// How many bytes are allocated.
pub(crate) fn allocated() -> usize {
    ALLOCATOR.allocated()
}

/// How many there were at most.
pub(crate) fn max_allocated() -> usize {
    ALLOCATOR.max_allocated()
}

/// Runs something often; it keeps nothing of what it allocates.
pub(super) fn keeps_nothing(times: u32, mut run: impl FnMut()) {
    // What is made once is made.
    (0..1_000).for_each(|_| run());
    let before = allocated();
    (0..times).for_each(|_| run());
    let kept = allocated().saturating_sub(before);
    assert!(kept < 64_000, "{kept} bytes are kept");
}
