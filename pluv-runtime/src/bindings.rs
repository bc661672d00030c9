//! The worker's environment and the object of a room.

use worker::{Env, State};

/// The worker's environment, and the object itself.
#[derive(Debug)]
pub(crate) struct Bindings {
    pub(crate) env: Env,
    /// None in a native test.
    pub(crate) state: Option<State>,
}
