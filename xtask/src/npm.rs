//! Packages from npm, as a lockfile has them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{cache, process, progress, workspace};

/// A copy of the lockfile that was installed from.
const STAMP: &str = "node_modules/.pluv-installed";

/// Installs the packages of `directory`, unless they are there.
///
/// # Errors
/// When npm fails.
pub fn install(directory: &Path) -> Result<()> {
    if is_installed(directory) {
        return Ok(());
    }
    let _lock = cache::lock()?;
    if is_installed(directory) {
        return Ok(());
    }
    let name = directory.strip_prefix(workspace::root()).unwrap_or(directory);
    progress::step(&format!("installing the npm packages of {}", name.display()));
    // No package of ours needs its install script, and some of them download things.
    process::run_quietly(Command::new("npm").args(["ci", "--include=dev", "--ignore-scripts"]).current_dir(directory))
        .context("the npm packages cannot be installed")?;
    fs::copy(lockfile(directory), directory.join(STAMP)).context("node_modules cannot be written")?;
    Ok(())
}

fn is_installed(directory: &Path) -> bool {
    let read = |path: PathBuf| fs::read(path).ok();
    let installed = read(directory.join(STAMP));
    installed.is_some() && installed == read(lockfile(directory))
}

fn lockfile(directory: &Path) -> PathBuf {
    directory.join("package-lock.json")
}

/// Where xtask's own packages are.
#[must_use]
pub fn directory() -> PathBuf {
    workspace::root().join("xtask")
}

/// The script that is wrangler, of xtask's own packages.
#[must_use]
pub fn wrangler() -> PathBuf {
    directory().join("node_modules/wrangler/bin/wrangler.js")
}

/// A program of xtask's own packages.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    directory().join("node_modules/.bin").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_lockfile_is_installed_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        assert!(!is_installed(path), "there is nothing at all");
        fs::write(lockfile(path), "one").expect("it is written");
        assert!(!is_installed(path), "nothing was installed");
        fs::create_dir(path.join("node_modules")).expect("it is made");
        fs::write(path.join(STAMP), "one").expect("it is written");
        assert!(is_installed(path));
        fs::write(lockfile(path), "two").expect("it is written");
        assert!(!is_installed(path), "the lockfile changed");
    }
}
