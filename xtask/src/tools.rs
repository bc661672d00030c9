//! Tools that Cargo installs, in the versions that `Cargo.lock` asks for.

use std::{
    env,
    ffi::OsString,
    fs, iter,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{cache, process, progress, scratch::Scratch, workspace};

/// The tools that build a worker.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program `worker-build`.
    pub worker_build: PathBuf,
    /// The program `wasm-bindgen`.
    pub wasm_bindgen: PathBuf,
}

impl Tools {
    /// Where Cargo knows worker-build to be installed.
    #[must_use]
    pub fn home(&self) -> &Path {
        // It is `home/bin/worker-build`.
        self.worker_build.ancestors().nth(2).unwrap_or(&self.worker_build)
    }

    /// The search path of programs, with worker-build on it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn path(&self) -> Result<OsString> {
        let known = env::var_os("PATH").unwrap_or_default();
        let all = iter::once(self.home().join("bin")).chain(env::split_paths(&known));
        env::join_paths(all).context("the path of programs cannot be written")
    }
}

/// A crate with programs.
struct Tool {
    package: &'static str,
    version: String,
    minutes: u32,
}

impl Tool {
    /// Where one of its programs is.
    fn program(&self, name: &str) -> Result<PathBuf> {
        Ok(self.home()?.join("bin").join(name))
    }

    fn home(&self) -> Result<PathBuf> {
        Ok(cache::directory()?.join(format!("{}-{}", self.package, self.version)))
    }

    /// Compiles it, and moves it to its place when it is whole.
    fn install(&self, scratch: &Scratch) -> Result<()> {
        let Self { package, version, minutes } = self;
        progress::step(&format!("installing {package} {version} (about {minutes} minutes, once)"));
        let fresh = scratch.path().join(package);
        let install = |arguments: &[&str]| {
            let mut command = workspace::cargo();
            command.args(["install", package, "--version", version]).args(arguments).arg("--root").arg(&fresh);
            // One directory for all tools, which share many of their dependencies.
            command.env("CARGO_TARGET_DIR", scratch.path().join("target"));
            process::run_quietly(&mut command)
        };
        if install(&["--locked"]).is_err() {
            progress::step(&format!("installing {package} {version} again, with the newest of its dependencies"));
            install(&[]).with_context(|| format!("{package} {version} cannot be installed"))?;
        }
        fs::rename(&fresh, self.home()?).with_context(|| format!("{package} {version} cannot be moved to its place"))
    }
}

/// Installs the tools, unless they are there.
///
/// # Errors
/// When one cannot be installed.
pub fn install() -> Result<Tools> {
    // worker-build is released together with the `worker` crate, and wasm-bindgen reads its own version's output only.
    let worker_build = Tool { package: "worker-build", version: workspace::locked_version("worker")?, minutes: 3 };
    let wasm_bindgen =
        Tool { package: "wasm-bindgen-cli", version: workspace::locked_version("wasm-bindgen")?, minutes: 2 };
    let all = [&worker_build, &wasm_bindgen];
    if !missing(&all)?.is_empty() {
        let _lock = cache::lock()?;
        let scratch = Scratch::inside(&cache::directory()?)?;
        for tool in missing(&all)? {
            tool.install(&scratch)?;
        }
    }
    Ok(Tools {
        worker_build: worker_build.program("worker-build")?,
        wasm_bindgen: wasm_bindgen.program("wasm-bindgen")?,
    })
}

fn missing<'tools>(tools: &[&'tools Tool]) -> Result<Vec<&'tools Tool>> {
    let mut missing = Vec::new();
    for tool in tools {
        if !tool.home()?.is_dir() {
            missing.push(*tool);
        }
    }
    Ok(missing)
}
