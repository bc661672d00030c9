//! Directories that are gone when xtask ends, however it ends.

use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::interrupt;

/// A directory that is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// A new directory where the system keeps temporary ones.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self> {
        Self::inside(&std::env::temp_dir())
    }

    /// A new directory in `parent`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inside(parent: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("pluv-")
            .tempdir_in(parent)
            .with_context(|| format!("no directory can be made in {}", parent.display()))?;
        interrupt::own_directory(directory.path());
        Ok(Self { directory })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        interrupt::disown_directory(self.path());
    }
}
