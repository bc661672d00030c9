//! `cargo xtask simulate`.

use anyhow::Result;
use clap::Args;

use crate::{process, workspace::cargo};

/// Plays random lives of rooms, more than the tests do; what fails is made short and printed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Options {
    /// Plays this seed alone; with `--steps`, this one and those after it.
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many steps, of all seeds together [default: 5000000].
    #[arg(long)]
    pub steps: Option<u64>,
}

/// How many steps unless it is said: some minutes of them.
const STEPS: u64 = 5_000_000;

/// Plays them.
///
/// # Errors
/// When the tests can't be built, or something fails in them.
pub fn run(options: &Options) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--package", "pluv-runtime", "--lib", "--", "simulation::random::whatever_happens"]);
    let steps = match options.seed {
        Some(seed) => {
            command.env("PLUV_SEED", seed.to_string());
            options.steps
        }
        None => Some(options.steps.unwrap_or(STEPS)),
    };
    if let Some(steps) = steps {
        command.env("PLUV_STEPS", steps.to_string());
    }
    process::run(&mut command)
}
