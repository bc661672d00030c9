//! What of Rust is needed beyond the compiler.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{process, progress, workspace};

/// What a worker is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target of workers to this repository's toolchain, unless it is there.
///
/// # Errors
/// When it cannot be added.
pub fn add_target() -> Result<()> {
    if has_target()? {
        return Ok(());
    }
    progress::step(&format!("adding the Rust target {TARGET}"));
    rustup(&["target", "add", TARGET])
        .with_context(|| format!("the Rust target {TARGET} is missing, and cannot be added"))
}

/// Adds a component that has a cargo command, unless it is there.
///
/// # Errors
/// When it cannot be added.
pub fn add_component(component: &str, command: &str) -> Result<()> {
    let output = workspace::cargo().args([command, "--version"]).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    progress::step(&format!("adding the Rust component {component}"));
    rustup(&["component", "add", component])
        .with_context(|| format!("the Rust component {component} is missing, and cannot be added"))
}

fn has_target() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(workspace::root())
        .output()
        .context("`rustc` cannot be run")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

fn rustup(arguments: &[&str]) -> Result<()> {
    process::run_quietly(Command::new("rustup").args(arguments).current_dir(workspace::root()))
}
