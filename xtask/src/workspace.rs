//! This repository: where it is, and what its lockfile pins.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    // Cargo names the directory at run time; the one of build time is wrong after the repository was moved.
    let directory = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    directory.parent().map_or_else(|| directory.clone(), Path::to_owned)
}

/// Cargo, at the root of the repository.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// The version of a package in `Cargo.lock`.
///
/// # Errors
/// When there is no such file or package.
pub fn locked_version(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    version_in(&text, package).with_context(|| format!("{} has no package `{package}`", path.display()))
}

fn version_in(lockfile: &str, package: &str) -> Option<String> {
    let lockfile: toml::Table = lockfile.parse().ok()?;
    let packages = lockfile.get("package")?.as_array()?;
    let found = packages.iter().find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))?;
    found.get("version")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_the_parent_of_this_crate() {
        assert!(root().join("xtask/src/workspace.rs").is_file());
    }

    #[test]
    fn a_lockfile_pins_versions() {
        let lockfile = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n";
        assert_eq!(version_in(lockfile, "a").as_deref(), Some("1.2.3"));
        assert_eq!(version_in(lockfile, "b"), None);
        assert_eq!(version_in("nonsense", "a"), None);
    }
}
