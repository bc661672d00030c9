//! The results of handlers.

use std::fmt;

/// The result of a handler that returned `Ok`.
pub struct Outcome(pub(crate) OutcomeKind);

#[derive(Debug)]
pub(crate) enum OutcomeKind {
    /// An event or a hook ended.
    Done,
    /// A procedure answered; `data` is JSON.
    Answer { name: &'static str, data: String },
    /// There is no handler of that name.
    Unhandled,
    /// The hook `get_initial_storage` returned this update.
    InitialStorage(Option<Vec<u8>>),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
