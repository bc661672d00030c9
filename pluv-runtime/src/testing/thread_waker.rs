//! A waker for handlers that wait for another thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// The limit of a wait for another thread.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Records that a task was woken, and unparks the thread of the room. The executors of `futures` can't do the latter with a
/// limit, nor return while tasks are pending.
#[derive(Debug)]
pub(super) struct ThreadWaker {
    is_woken: AtomicBool,
    thread: Thread,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl ThreadWaker {
    /// Makes a waker for the current thread.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { is_woken: AtomicBool::new(false), thread: thread::current() })
    }

    pub(super) fn clear(&self) {
        self.is_woken.store(false, Ordering::Release);
    }

    pub(super) fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::Acquire)
    }

    /// Blocks until a task is woken.
    pub(super) fn wait(&self) {
        let start = Instant::now();
        while !self.is_woken() {
            let remaining = TIMEOUT.checked_sub(start.elapsed());
            thread::park_timeout(remaining.expect("the handler's future is woken in time"));
        }
    }
}
