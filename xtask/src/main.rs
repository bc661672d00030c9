//! `cargo xtask`: the development tasks of this repository.
//!
//! `cargo xtask dev` serves an example, `cargo xtask test` runs all checks and tests, `cargo xtask bench` measures, and
//! `cargo xtask simulate` runs random sequences of inputs to rooms. Each installs the tools that it needs first; Rust and
//! Node.js are all that must be there.

mod bench;
mod process;
mod server;
mod style;
pub mod test;
mod tools;
mod worker;

use std::{
    path::{PathBuf, absolute},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use self::{
    server::{Log, Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// How many steps a simulation has by default: some minutes of them.
const SIMULATED_STEPS: u64 = 5_000_000;

/// The development tasks of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(DevOptions),
    Test(test::Options),
    Bench(bench::Options),
    Simulate(SimulateOptions),
}

/// Builds an example and serves it, until Ctrl-C.
#[derive(Args)]
struct DevOptions {
    /// The example, a directory in `examples`.
    #[arg(long, default_value = "chat", value_name = "NAME")]
    example: String,
    /// The port to listen on.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The directory of the durable state [default: .wrangler/state in the example].
    #[arg(long, value_name = "DIR")]
    persist: Option<PathBuf>,
    /// Compiles for speed.
    #[arg(long)]
    release: bool,
}

/// Runs random sequences of inputs to rooms, more than the tests do; one that fails is shortened and printed.
#[derive(Args)]
struct SimulateOptions {
    /// Runs this seed alone; with `--steps`, this one and those after it.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of steps, of all seeds together [default: 5000000].
    #[arg(long)]
    steps: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = process::exit_on_signals().and_then(|()| match arguments.command {
        Command::Dev(options) => dev(&options).map(|()| ExitCode::SUCCESS),
        Command::Test(options) => Ok(if test::run(&options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Simulate(options) => simulate(&options).map(|()| ExitCode::SUCCESS),
    });
    process::remove_temporary_directories();
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Serves an example until the server ends, which it never does by itself unless it fails.
fn dev(options: &DevOptions) -> Result<()> {
    let worker = Worker::example(&options.example)?;
    // All that can be wrong from the start is reported before anything is installed or built.
    worker.configuration()?;
    server::check_port(options.port)?;
    let state = match &options.persist {
        Some(directory) => absolute(directory).context("`--persist` is wrong: write the path of a directory")?,
        None => worker.directory.join(".wrangler/state"),
    };
    let tools = Tools::install()?;
    worker.build(if options.release { Profile::Release } else { Profile::Dev }, &tools)?;
    let server = Server::start(&worker, options.port, State::Kept(state), Log::Shown)?;
    println!("ready {}", server.url());
    server.wait()
}

fn simulate(options: &SimulateOptions) -> Result<()> {
    let mut command = tools::cargo();
    command.args(["test", "--package", "pluv-runtime", "--lib", "--", "simulation::random::whatever_happens"]);
    let steps = match options.seed {
        Some(seed) => {
            command.env("PLUV_SEED", seed.to_string());
            options.steps
        }
        None => Some(options.steps.unwrap_or(SIMULATED_STEPS)),
    };
    if let Some(steps) = steps {
        command.env("PLUV_STEPS", steps.to_string());
    }
    process::run(&mut command)
}
