//! The file, if the crate at hand is one that it deploys.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{
    parse::{self, Fault},
    value::Value,
};

/// The files that wrangler reads, the first of which it finds.
const NAMES: [(&str, Format); 3] =
    [("wrangler.json", Format::Json), ("wrangler.jsonc", Format::Json), ("wrangler.toml", Format::Toml)];

/// How a file is written. Wrangler takes comments and trailing commas in both files of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// TOML.
    Toml,
    /// JSON with comments.
    Json,
}

/// Wrangler's configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) format: Format,
    path: PathBuf,
}

impl File {
    /// The file beside the `Cargo.toml` of the crate that is compiled, if that becomes a worker.
    pub(super) fn of_this_crate() -> Option<Self> {
        // What Cargo was told to build, and neither a dependency nor the code in comments; no program; and no test or
        // benchmark, which alone have a directory of their own.
        let is_worker = env::var_os("CARGO_PRIMARY_PACKAGE").is_some()
            && env::var_os("CARGO_BIN_NAME").is_none()
            && env::var_os("CARGO_TARGET_TMPDIR").is_none();
        let directory = env::var_os("CARGO_MANIFEST_DIR").filter(|_| is_worker)?;
        Self::find(directory.as_ref())
    }

    /// The file in a directory.
    pub(super) fn find(directory: &Path) -> Option<Self> {
        NAMES.into_iter().find_map(|(name, format)| {
            let path = directory.join(name);
            path.is_file().then_some(Self { name, format, path })
        })
    }

    /// Reads what is in it.
    pub(super) fn read(&self) -> Result<Value, Fault> {
        let bytes = fs::read(&self.path).map_err(|error| Fault { line: 1, reason: error.to_string() })?;
        let text = str::from_utf8(&bytes).map_err(|error| Fault {
            line: bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1,
            reason: "this is not UTF-8".to_owned(),
        })?;
        parse::parse(text, self.format)
    }
}
