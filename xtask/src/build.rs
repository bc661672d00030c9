//! From a worker's crate to what workerd runs.

use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::{npm, process, progress, tools::Tools, worker::Worker};

/// How a worker is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Quick to compile.
    Dev,
    /// Quick to run.
    Release,
}

/// Builds a worker.
///
/// # Errors
/// When it does not compile.
pub fn build(worker: &Worker, profile: Profile, tools: &Tools) -> Result<()> {
    let flag = match profile {
        Profile::Dev => "--dev",
        Profile::Release => "--release",
    };
    progress::step(&format!("building {} ({})", worker.name, &flag[2..]));
    let mut command = Command::new(&tools.worker_build);
    command.arg(flag).current_dir(&worker.directory);
    downloads_nothing(&mut command, tools);
    process::run(&mut command).with_context(|| format!("the build of `{}` failed", worker.name))?;
    page(worker)
}

/// Lets worker-build find what it would download otherwise.
pub(crate) fn downloads_nothing(command: &mut Command, tools: &Tools) {
    command.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
    command.env("ESBUILD_BIN", npm::directory().join("esbuild.sh")).env("WASM_OPT_BIN", npm::program("wasm-opt"));
    // The compiler's own words are enough.
    command.env("RUST_BACKTRACE", "0");
}

/// Builds the page of a worker that has one to build.
fn page(worker: &Worker) -> Result<()> {
    let Some(directory) = worker.page() else {
        return Ok(());
    };
    npm::install(&directory)?;
    process::run_quietly(Command::new("node").arg("build.mjs").current_dir(directory))
        .with_context(|| format!("the page of `{}` cannot be built", worker.name))
}
