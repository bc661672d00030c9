//! What came through so far.

use std::cell::{Cell, RefCell};

use tokio::sync::Notify;

/// Counts the deliveries of a room's messages. Each client gets all of them in order, and at most a window's worth of
/// them are under way, so that a client's n-th frame is of the message in the slot `n % window`.
#[derive(Debug)]
pub(super) struct Progress {
    clients: usize,
    slots: RefCell<Vec<usize>>,
    delivered: Cell<u64>,
    completed: Cell<u64>,
    wake: Notify,
}

/// A client's place in the messages.
#[derive(Debug, Default)]
pub(super) struct Place {
    slot: usize,
}

impl Progress {
    pub(super) fn new(clients: usize, window: usize) -> Self {
        Self {
            clients,
            slots: RefCell::new(vec![0; window]),
            delivered: Cell::new(0),
            completed: Cell::new(0),
            wake: Notify::new(),
        }
    }

    /// A client got its next frame.
    pub(super) fn deliver(&self, place: &mut Place) {
        self.delivered.set(self.delivered.get() + 1);
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[place.slot];
        *slot += 1;
        if *slot == self.clients {
            *slot = 0;
            self.completed.set(self.completed.get() + 1);
            self.wake.notify_one();
        }
        place.slot = (place.slot + 1) % slots.len();
    }

    /// How many messages may be sent in all by now.
    pub(super) fn allowed(&self) -> u64 {
        self.completed.get() + self.slots.borrow().len() as u64
    }

    /// How many frames reached a client.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.get()
    }

    /// How many messages reached all clients.
    pub(super) fn completed(&self) -> u64 {
        self.completed.get()
    }

    /// Waits until another message has reached all clients.
    pub(super) async fn advanced(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_when_all_have_it() {
        let progress = Progress::new(2, 3);
        let (mut one, mut two) = (Place::default(), Place::default());
        assert_eq!(progress.allowed(), 3);
        (0..3).for_each(|_| progress.deliver(&mut one));
        assert_eq!((progress.delivered(), progress.completed()), (3, 0));
        progress.deliver(&mut two);
        assert_eq!((progress.delivered(), progress.completed(), progress.allowed()), (4, 1, 4));
        progress.deliver(&mut one);
        (0..3).for_each(|_| progress.deliver(&mut two));
        assert_eq!((progress.delivered(), progress.completed()), (8, 4));
    }
}
