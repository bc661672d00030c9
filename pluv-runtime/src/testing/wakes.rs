//! Whether anything that handlers wait for has come.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
    time::Duration,
};

/// How long to wait for another thread before it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Notices wakers that are called, on whatever thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Wakes(Arc<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    woken: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.woken.store(true, Ordering::Release);
        self.changed.notify_all();
    }
}

impl Wakes {
    pub(super) fn into_inner(self) -> Arc<Inner> {
        self.0
    }

    /// Forgets what was woken.
    pub(super) fn clear(&self) {
        self.0.woken.store(false, Ordering::Release);
    }

    /// Whether something was woken since.
    pub(super) fn is_woken(&self) -> bool {
        self.0.woken.load(Ordering::Acquire)
    }

    /// Blocks until something is.
    pub(super) fn wait(&self) {
        let guard = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.0.changed.wait_timeout_while(guard, PATIENCE, |()| !self.is_woken());
        let (_guard, timeout) = result.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "a handler waits for something that does not come");
    }
}
