//! Node.js, which runs wrangler.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The oldest major version that wrangler runs on.
const OLDEST: u32 = 20;

/// Checks that Node.js is there, and new enough.
///
/// # Errors
/// When it is not.
pub fn check() -> Result<()> {
    let output = Command::new("node").arg("--version").output().ok().filter(|output| output.status.success());
    let output = output.with_context(|| {
        format!("Node.js is missing: install version {OLDEST} or newer from https://nodejs.org, and try again")
    })?;
    check_version(&String::from_utf8_lossy(&output.stdout))
}

fn check_version(version: &str) -> Result<()> {
    let version = version.trim();
    let major = version.strip_prefix('v').and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST => Ok(()),
        Some(_) => bail!("Node.js {version} is too old: install version {OLDEST} or newer from https://nodejs.org"),
        None => bail!("`node --version` says `{version}`, which is no version of Node.js"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(check_version("v20.20.2\n").is_ok());
        assert!(check_version("v100.0.0\n").is_ok());
        let error = check_version("v18.19.0\n").expect_err("too old").to_string();
        assert_eq!(error, "Node.js v18.19.0 is too old: install version 20 or newer from https://nodejs.org");
        assert!(check_version("nonsense").is_err());
    }
}
