//! The chores of this repository.
//!
//! `cargo xtask dev` serves an example, `cargo xtask test` runs all checks and tests, and `cargo xtask bench` measures.
//! Each installs what it needs first; Rust and Node.js are all that must be there.

pub mod bench;
pub mod build;
pub mod cache;
pub mod chromium;
pub mod config;
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
pub mod tail;
pub mod test;
pub mod tools;
pub mod worker;
pub mod workspace;
