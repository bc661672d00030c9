//! What faults of a room's code leave behind. A panic takes all rooms of a worker with it, so tests of it have a worker of
//! their own, and run one at a time.

mod endless;
mod handlers;
mod hooks;

use tokio::sync::{Mutex, MutexGuard};

/// The turn of a test that panics.
async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
