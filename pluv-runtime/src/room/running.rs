//! What runs at this moment. Should it panic there is nobody else to ask, as the room itself may be in the midst of a step.

use std::{cell::RefCell, fmt, rc::Rc};

use super::{Protocol, effect::Connection};
use crate::protocol::Origin;

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// A handler, a hook, or a frame that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) connection: Connection,
    pub(crate) protocol: Protocol,
    pub(crate) origin: Rc<Origin>,
    pub(crate) name: Name,
    /// The `id` of the request, as JSON.
    pub(crate) request: Option<Rc<str>>,
}

/// What the log calls it.
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

/// Does something on behalf of what is `running`.
pub(super) fn during<T>(running: Running, act: impl FnOnce() -> T) -> T {
    let before = RUNNING.replace(Some(running));
    let done = act();
    RUNNING.set(before);
    done
}

/// What ran when the instance was lost.
pub(crate) fn lost() -> Option<Running> {
    RUNNING.take()
}
