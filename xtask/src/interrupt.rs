//! Ctrl-C, SIGTERM and SIGHUP: whatever xtask started ends with it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
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

/// How long a process group may take to end by itself.
const GRACE: Duration = Duration::from_secs(3);

/// What must not outlive xtask.
struct Owned {
    groups: Vec<Pid>,
    directories: Vec<PathBuf>,
}

static OWNED: Mutex<Owned> = Mutex::new(Owned { groups: Vec::new(), directories: Vec::new() });

fn owned() -> MutexGuard<'static, Owned> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cleans up and exits when a signal asks xtask to end.
///
/// # Errors
/// When the signals cannot be caught.
pub fn install() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be caught")?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Held up to the exit: nothing new starts, and nobody takes a killed process for one that failed.
            let owned = owned();
            end(&owned.groups);
            for directory in &owned.directories {
                let _ = fs::remove_dir_all(directory);
            }
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Starts a process group, whose leader `start` returns.
pub(crate) fn with_group<T, E>(start: impl FnOnce() -> Result<(T, Pid), E>) -> Result<T, E> {
    let mut owned = owned();
    let (started, leader) = start()?;
    owned.groups.push(leader);
    Ok(started)
}

/// Ends a process group, its leader's children included.
pub(crate) fn end_group(leader: Pid) {
    let mut owned = owned();
    // Only once: afterwards the number may be another group's.
    if let Some(index) = owned.groups.iter().position(|group| *group == leader) {
        end(&[leader]);
        owned.groups.swap_remove(index);
    }
}

/// Blocks for good while a signal is being handled.
pub(crate) fn checkpoint() {
    drop(owned());
}

/// Removes `directory` when a signal ends xtask.
pub(crate) fn own_directory(directory: &Path) {
    owned().directories.push(directory.to_owned());
}

/// Leaves `directory` to its owner again.
pub(crate) fn disown_directory(directory: &Path) {
    owned().directories.retain(|owned| owned != directory);
}

/// Ends process groups: first by asking, then by force.
fn end(groups: &[Pid]) {
    for group in groups {
        let _ = killpg(*group, Signal::SIGTERM);
    }
    let deadline = Instant::now() + GRACE;
    while groups.iter().any(|group| is_alive(*group)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    for group in groups {
        let _ = killpg(*group, Signal::SIGKILL);
        let _ = waitpid(*group, Some(WaitPidFlag::WNOHANG));
    }
}

/// Whether a group has a process; its leader is a child of xtask's, which counts until it is waited for.
fn is_alive(group: Pid) -> bool {
    let _ = waitpid(group, Some(WaitPidFlag::WNOHANG));
    killpg(group, None).is_ok()
}
