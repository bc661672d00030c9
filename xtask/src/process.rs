//! Child processes, and what must not outlive xtask: each child leads a process group, so that all it starts ends with it.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, Seek as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use tempfile::TempDir;

/// How long a process group may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

/// How many lines of an output are shown when something fails.
const SHOWN_LINES: usize = 30;

/// Resources that end with xtask.
struct Owned {
    groups: Vec<Pid>,
    temporary: Option<TempDir>,
}

static OWNED: Mutex<Owned> = Mutex::new(Owned { groups: Vec::new(), temporary: None });

fn owned() -> MutexGuard<'static, Owned> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cleans up and exits on Ctrl-C, SIGTERM and SIGHUP.
pub(crate) fn exit_on_signals() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be caught")?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Locked up to the exit: nothing new starts, and no killed process is reported as one that failed.
            let mut owned = owned();
            end(&owned.groups);
            drop(owned.temporary.take());
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Creates a directory that is removed when it is dropped, and at the latest when xtask ends.
pub(crate) fn temporary_directory() -> Result<TempDir> {
    let mut owned = owned();
    let all = match owned.temporary.take() {
        Some(all) => all,
        None => tempfile::Builder::new().prefix("pluv-").tempdir().context("no temporary directory can be made")?,
    };
    let directory = TempDir::new_in(all.path());
    owned.temporary = Some(all);
    directory.context("no temporary directory can be made")
}

/// Removes all temporary directories.
pub(crate) fn remove_temporary_directories() {
    drop(owned().temporary.take());
}

/// A process group that is ended when this is dropped.
///
/// The standard library makes the group, and `killpg` ends it. `process-wrap` wraps the same two calls, but a child of
/// its can't be ended by the thread that handles signals while another one waits for it.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    leader: Pid,
}

impl Group {
    /// Starts a program with an empty standard input.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        command.process_group(0).stdin(Stdio::null());
        let mut owned = owned();
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                anyhow!("`{}` is not installed, or not on the PATH", command.get_program().display())
            }
            _ => anyhow!(error).context(format!("`{}` cannot be started", title(command))),
        })?;
        let leader = Pid::from_raw(child.id().try_into()?);
        owned.groups.push(leader);
        Ok(Self { child, leader })
    }

    /// Waits for the leader's end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait();
        // Blocks for good while a signal is being handled.
        drop(owned());
        Ok(status?)
    }

    /// Returns how the leader ended, if it has.
    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait();
        drop(owned());
        Ok(status?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut owned = owned();
        end(&[self.leader]);
        owned.groups.retain(|group| *group != self.leader);
    }
}

/// Ends process groups: by SIGTERM, then by SIGKILL.
fn end(groups: &[Pid]) {
    // The leader is a child of xtask, and counts as alive until it was waited for.
    let is_alive = |group: &Pid| {
        let _ = waitpid(*group, Some(WaitPidFlag::WNOHANG));
        killpg(*group, None).is_ok()
    };
    for group in groups {
        let _ = killpg(*group, Signal::SIGTERM);
    }
    let deadline = Instant::now() + GRACE;
    while groups.iter().any(is_alive) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    for group in groups {
        let _ = killpg(*group, Signal::SIGKILL);
        let _ = waitpid(*group, Some(WaitPidFlag::WNOHANG));
    }
}

/// Prints what starts, on standard error: standard output is for results.
pub(crate) fn step(name: &str) {
    eprintln!("==> {name}");
}

/// Returns a program's name and its first arguments, for messages.
pub(crate) fn title(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let arguments = command.get_args().take(2);
    let words: Vec<_> = std::iter::once(program).chain(arguments).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// Runs a program and shows its output, all of it on standard error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = Group::spawn(command.stdout(io::stderr()))?.wait()?;
    check(command, status)
}

/// Runs a program and shows the end of its output if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let mut log = tempfile::tempfile().context("a temporary file cannot be made")?;
    command.stdout(log.try_clone()?).stderr(log.try_clone()?);
    let status = Group::spawn(command)?.wait()?;
    if !status.success() {
        log.rewind()?;
        eprintln!("{}", last_lines(log));
    }
    check(command, status)
}

/// Runs a program and passes each line of its standard output to `each`.
pub(crate) fn run_by_line(command: &mut Command, each: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut group = Group::spawn(command.stdout(Stdio::piped()))?;
    if let Some(pipe) = group.child.stdout.take() {
        for_lines(pipe, each);
    }
    group.wait()
}

/// Returns the last lines of an output, indented.
pub(crate) fn last_lines(output: impl io::Read) -> String {
    let mut lines = VecDeque::new();
    for_lines(output, |line| {
        lines.push_back(format!("    {line}"));
        if lines.len() > SHOWN_LINES {
            lines.pop_front();
        }
    });
    Vec::from(lines).join("\n")
}

/// Passes each line to `each`, also where it is not UTF-8.
fn for_lines(output: impl io::Read, mut each: impl FnMut(&str)) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", title(command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn lines_are_passed_one_by_one() {
        let mut lines = Vec::new();
        let status = run_by_line(Command::new("printf").arg(r"a\nb\r\n\nc"), |line| lines.push(line.to_owned()));
        assert!(status.expect("it runs").success());
        assert_eq!(lines, ["a", "b", "", "c"]);
    }

    #[test]
    fn descendants_end_with_their_group() {
        // The pipe ends when the last process that may write to it has ended, which is the background one.
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo started; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("it starts");
        let mut output = BufReader::new(group.child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it writes");
        assert_eq!(line, "started\n");
        drop(group);
        assert_eq!(output.read_to_string(&mut line).expect("it has ended"), 0);
    }

    #[test]
    fn a_program_that_fails_is_named() {
        let error = run_quietly(Command::new("false").args(["one", "two", "three"])).expect_err("it fails");
        assert_eq!(error.to_string(), "`false one two` failed (exit status: 1)");
        let error = run(&mut Command::new("no-such-program")).expect_err("there is none");
        assert_eq!(error.to_string(), "`no-such-program` is not installed, or not on the PATH");
    }

    #[test]
    fn only_the_last_lines_are_shown() {
        let output: String = (0..SHOWN_LINES + 2).map(|number| format!("{number}\n")).collect();
        let text = last_lines(output.as_bytes());
        assert_eq!(text.lines().count(), SHOWN_LINES);
        assert!(text.starts_with("    2\n    3\n"), "{text}");
    }
}
