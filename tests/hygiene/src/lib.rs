//! Rooms in places where generated code could fail to compile: the test is that they compile without a warning.
//!
//! The runtime is renamed to `rooms` here, and the rooms have no implicit prelude. The worker's entry has it, as the code
//! that `worker` generates needs it.

pub mod aliases;
pub mod documented;
pub mod globs;
pub mod inside;
pub mod options;
pub mod shadows;
mod worker_entry;
