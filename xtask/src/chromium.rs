//! A browser for the tests.

use std::{env, fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;

use crate::{process, progress};

/// Names the program when it is not on the PATH.
const VARIABLE: &str = "PLUV_CHROMIUM";

/// Finds Chromium; on Debian, root gets it installed.
///
/// # Errors
/// When there is none, and none can be installed.
pub fn install() -> Result<PathBuf> {
    if let Some(path) = env::var_os(VARIABLE).map(PathBuf::from) {
        if !is_program(&path) {
            bail!("{VARIABLE} names {}, which is no program", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    if !(PathBuf::from("/etc/debian_version").exists() && Uid::effective().is_root()) {
        bail!("Chromium is missing: install it, or set {VARIABLE} to its program");
    }
    progress::step("installing Chromium");
    let apt = |arguments: &[&str]| {
        process::run_quietly(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
            .with_context(|| format!("Chromium cannot be installed: install it, or set {VARIABLE} to its program"))
    };
    apt(&["update"])?;
    apt(&["install", "-y", "--no-install-recommends", "chromium"])?;
    find().context("Chromium was installed, but is not on the PATH")
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| env::split_paths(&path).map(|directory| directory.join(name)).find(is_program))
}

fn is_program(path: &PathBuf) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
