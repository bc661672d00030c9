//! Where a user's tools are kept, for all their checkouts.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
};

use anyhow::{Context as _, Result};

use crate::progress;

/// The directory of the tools.
///
/// # Errors
/// When the user has none, or it cannot be made.
pub fn directory() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(env::home_dir()?.join(".cache")));
    let directory = base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("pluv-xtask");
    fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    Ok(directory)
}

/// Waits until no other xtask installs anything. The lock ends with the file, which ends with the process at the latest.
///
/// # Errors
/// When there is no directory for the lock.
pub fn lock() -> Result<File> {
    let path = directory()?.join("lock");
    let file = File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    if file.try_lock().is_err() {
        progress::step("waiting for another xtask that installs tools");
        file.lock().with_context(|| format!("{} cannot be locked", path.display()))?;
    }
    Ok(file)
}
