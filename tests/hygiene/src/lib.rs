//! Rooms in places where generated code could go wrong: that they compile without a warning is the test.
//!
//! The runtime is called `rooms` here, and the rooms stand without the implicit prelude. The worker's entry has it, as
//! what `worker` generates for that needs it.

pub mod aliases;
pub mod documented;
pub mod globs;
pub mod inside;
pub mod options;
pub mod shadows;
mod worker_entry;
