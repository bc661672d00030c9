//! The disk under the rooms.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use crate::bench::compare::median;

const SYNCS: usize = 50;

/// What a commit writes, about.
const COMMIT: [u8; 8192] = [0; 8192];

/// How long the disk of a directory takes to make a commit safe: a room shows nothing before that.
pub(super) fn sync_time(directory: &Path) -> Result<Duration> {
    let write = || {
        let mut file = File::create(directory.join("sync"))?;
        (0..SYNCS)
            .map(|_| {
                file.write_all(&COMMIT)?;
                let start = Instant::now();
                file.sync_data()?;
                Ok(start.elapsed().as_secs_f64())
            })
            .collect::<std::io::Result<Vec<_>>>()
    };
    let times = write().with_context(|| format!("{} cannot be written to", directory.display()))?;
    Ok(Duration::from_secs_f64(median(times)))
}
