//! An example as `wrangler deploy` ships it, up to where Cloudflare would get it.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{build, npm, process, progress, scratch::Scratch, tools::Tools, worker::Worker};

/// Deploys a worker by its own configuration and its own build command, to nowhere. What it has built stays and can be
/// served.
///
/// # Errors
/// When it does not compile, or wrangler refuses it.
pub fn dry_run(worker: &Worker, tools: &Tools) -> Result<()> {
    progress::step(&format!("deploying {} to nowhere", worker.name));
    let bundle = Scratch::new()?;
    let mut command = Command::new("node");
    command.arg(npm::wrangler()).args(["deploy", "--dry-run", "--outdir"]).arg(bundle.path());
    command.env("CI", "1").env("WRANGLER_SEND_METRICS", "false");
    // Its `cargo install` finds the tool that is there already.
    command.env("CARGO_INSTALL_ROOT", tools.home()).env("PATH", tools.path()?);
    build::downloads_nothing(&mut command, tools);
    process::run_quietly(command.current_dir(&worker.directory))
        .with_context(|| format!("`{}` cannot be deployed as it is", worker.name))
}
