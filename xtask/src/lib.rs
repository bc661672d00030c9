//! The chores of this repository.
//!
//! `cargo xtask dev` serves an example, `cargo xtask test` runs all checks and tests, `cargo xtask bench` measures,
//! and `cargo xtask simulate` plays random lives of rooms. Each installs what it needs first; Rust and Node.js are all that must be there.

pub mod bench;
pub mod build;
pub mod cache;
pub mod chromium;
pub mod config;
pub mod deploy;
pub mod dev;
pub mod interrupt;
pub mod node;
pub mod npm;
pub mod port;
pub mod process;
pub mod progress;
pub mod rustup;
pub mod scratch;
pub mod server;
pub mod setup;
pub mod simulate;
pub mod tail;
pub mod test;
pub mod tools;
pub mod worker;
pub mod workspace;
