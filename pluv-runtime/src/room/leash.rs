//! What ends a hook that takes too long.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

use super::Millis;

/// How long others wait for a hook before it is ended, in milliseconds.
pub(crate) const PATIENCE: Millis = 30_000;

/// Holds a hook that runs. Whoever cuts it, the hook ends where it waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leash(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_cut: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

impl Leash {
    /// Ends the hook.
    pub(super) fn cut(&self) {
        self.0.is_cut.set(true);
        if let Some(waiting) = self.0.waiting.take() {
            waiting.wake();
        }
    }

    /// Whether it was cut; if not, whoever asks is woken when it is.
    pub(super) fn is_cut(&self, cx: &Context<'_>) -> bool {
        if !self.0.is_cut.get() {
            self.0.waiting.replace(Some(cx.waker().clone()));
        }
        self.0.is_cut.get()
    }
}
