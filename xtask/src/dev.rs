//! `cargo xtask dev`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    build::{self, Profile},
    config, port,
    server::{Log, Server, State},
    setup,
    worker::Worker,
};

/// Builds an example and serves it, until Ctrl-C.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The example, a directory in `examples`.
    #[arg(long, default_value = "chat", value_name = "NAME")]
    pub example: String,
    /// The port to listen on.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Where the durable state is kept [default: .wrangler/state in the example].
    #[arg(long, value_name = "DIR")]
    pub persist: Option<PathBuf>,
    /// Compiles for speed.
    #[arg(long)]
    pub release: bool,
}

/// Serves an example until the server ends, which it never does by itself unless it fails.
///
/// # Errors
/// When it cannot be served.
pub fn run(options: &Options) -> Result<()> {
    let worker = Worker::example(&options.example)?;
    // All that can be wrong from the start is told before anything is installed or built.
    config::read(&worker)?;
    port::check(options.port)?;
    let state = match &options.persist {
        Some(directory) => std::path::absolute(directory).context("`--persist` is no good")?,
        None => worker.directory.join(".wrangler/state"),
    };
    let tools = setup::install()?;
    build::build(&worker, if options.release { Profile::Release } else { Profile::Dev }, &tools)?;
    let server = Server::start(&worker, options.port, State::Kept(state), Log::Shown)?;
    println!("ready {}", server.url());
    server.wait()
}
