//! Programs that xtask runs, each in a process group of its own, so that all it starts can be ended with it.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufRead as _, BufReader, Seek as _},
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail};
use nix::unistd::Pid;

use crate::{interrupt, tail::Tail};

/// A process group that ends, at the latest, when this is dropped.
#[derive(Debug)]
pub struct Group {
    child: Child,
    leader: Pid,
}

impl Group {
    /// Starts a program, with nothing to read.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        command.process_group(0).stdin(Stdio::null());
        interrupt::with_group(|| {
            let child = command.spawn()?;
            let leader = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
            Ok((Self { child, leader }, leader))
        })
        .map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => {
                anyhow::anyhow!("`{}` is not installed, or not on the PATH", command.get_program().display())
            }
            _ => anyhow::Error::new(error).context(format!("`{}` cannot be started", title(command))),
        })
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    /// When the system does not tell how it ended.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait();
        interrupt::checkpoint();
        Ok(status?)
    }

    /// How the program ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait();
        interrupt::checkpoint();
        Ok(status?)
    }

    /// Ends the program, and all that it started.
    pub fn end(&mut self) {
        interrupt::end_group(self.leader);
    }

    /// What the program writes, where that is piped.
    pub(crate) fn pipes(&mut self) -> Vec<File> {
        let output = self.child.stdout.take().map(OwnedFd::from);
        let errors = self.child.stderr.take().map(OwnedFd::from);
        output.into_iter().chain(errors).map(File::from).collect()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// A program's name and its first arguments, for messages.
#[must_use]
pub fn title(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let arguments = command.get_args().take(2);
    let words: Vec<_> = std::iter::once(program).chain(arguments).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// Runs a program whose output is shown; its standard output goes to standard error, which is where progress belongs.
///
/// # Errors
/// When it fails.
pub fn run(command: &mut Command) -> Result<()> {
    command.stdout(io::stderr());
    let status = Group::spawn(command)?.wait()?;
    check(command, status)
}

/// Runs a program whose output is shown only when it fails.
///
/// # Errors
/// When it fails.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let mut log = tempfile::tempfile().context("a temporary file cannot be made")?;
    command.stdout(log.try_clone()?).stderr(log.try_clone()?);
    let status = Group::spawn(command)?.wait()?;
    if !status.success() {
        eprintln!("{}", read_tail(&mut log)?);
    }
    check(command, status)
}

/// Runs a program, and gives each line of its standard output to `each`.
///
/// # Errors
/// When it cannot be run.
pub fn run_by_line(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut group = Group::spawn(command)?;
    for pipe in group.pipes() {
        for_lines(pipe, &mut each);
    }
    group.wait()
}

/// Gives each line to `each`, whatever bytes it is made of.
pub(crate) fn for_lines(pipe: impl io::Read, mut each: impl FnMut(&str)) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
}

fn read_tail(log: &mut File) -> Result<String> {
    let mut tail = Tail::default();
    log.rewind()?;
    for_lines(log, |line| tail.push(line));
    Ok(tail.to_string())
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", title(command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use nix::sys::signal::kill;

    use super::*;

    #[test]
    fn lines_come_one_by_one() {
        let mut lines = Vec::new();
        let status = run_by_line(Command::new("printf").arg(r"a\nb\r\n\nc"), |line| lines.push(line.to_owned()));
        assert!(status.expect("it runs").success());
        assert_eq!(lines, ["a", "b", "", "c"]);
    }

    #[test]
    fn what_a_program_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("it starts");
        let mut line = String::new();
        let pipe = group.pipes().remove(0);
        BufReader::new(pipe).read_line(&mut line).expect("it tells its child");
        let child = Pid::from_raw(line.trim().parse().expect("a process id"));
        assert!(kill(child, None).is_ok(), "the child runs");
        drop(group);
        // Its new parent may take a moment to bury it.
        let gone = (0..6_000).any(|_| {
            thread::sleep(Duration::from_millis(20));
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            kill(child, None).is_err() || state.contains(") Z ")
        });
        assert!(gone, "the child has ended");
    }

    #[test]
    fn a_program_that_fails_is_named() {
        let error = run_quietly(Command::new("false").args(["one", "two", "three"])).expect_err("it fails");
        assert_eq!(error.to_string(), "`false one two` failed (exit status: 1)");
        let error = run(&mut Command::new("no-such-program")).expect_err("there is none");
        assert_eq!(error.to_string(), "`no-such-program` is not installed, or not on the PATH");
    }
}
