//! What xtask is at.

/// Tells what starts, on standard error: standard output is for results.
pub fn step(what: &str) {
    eprintln!("==> {what}");
}
