//! What a fresh machine lacks.

use anyhow::Result;

use crate::{
    node, npm, rustup,
    tools::{self, Tools},
};

/// Installs all that building and serving a worker takes, unless it is there.
///
/// # Errors
/// When something cannot be installed, or Node.js is missing.
pub fn install() -> Result<Tools> {
    node::check()?;
    rustup::add_target()?;
    npm::install(&npm::directory())?;
    tools::install()
}
