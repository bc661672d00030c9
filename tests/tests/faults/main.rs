//! Faults of a room's code. A panic ends all rooms of a worker, so these tests have a worker of their own, and run one at a
//! time.

mod endless;
mod handlers;
mod hooks;
mod tasks;

use tokio::sync::{Mutex, MutexGuard};

/// Waits until no other test runs that panics.
async fn exclusive() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
