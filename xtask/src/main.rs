//! The program behind `cargo xtask`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, dev, interrupt, simulate, test};

/// The chores of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Options),
    Test(test::Options),
    Bench(bench::Options),
    Simulate(simulate::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = interrupt::install().and_then(|()| match arguments.command {
        Command::Dev(options) => dev::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Test(options) => Ok(if test::run(&options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Simulate(options) => simulate::run(&options).map(|()| ExitCode::SUCCESS),
    });
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
