//! The code that runs at this moment. A panic hook has nobody else to ask, as the room may be borrowed.

use std::{cell::RefCell, fmt, rc::Rc};

use super::ConnectionId;
use crate::protocol::{Origin, Protocol};

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// A handler, a hook, or a frame that is being processed.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) connection: ConnectionId,
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    pub(crate) name: Name,
    /// The `id` of the request, as JSON.
    pub(crate) request: Option<Rc<str>>,
}

/// The name of a handler in the log.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Fixed(&'static str),
    Event(Rc<str>),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(name) => name,
            Self::Event(name) => name,
        })
    }
}

/// Runs `act` with `current` as the current code; none is code of the room itself.
pub(super) fn with_current<T>(current: Option<Current>, act: impl FnOnce() -> T) -> T {
    let before = CURRENT.replace(current);
    let result = act();
    CURRENT.set(before);
    result
}

/// Takes the current code, after a panic.
pub(crate) fn take_current() -> Option<Current> {
    CURRENT.take()
}
