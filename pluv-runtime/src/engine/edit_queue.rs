//! Group commit: which edits are stored and sent together.
//!
//! A commit costs as much as many edits, and while it lasts the object does nothing else. At rest an edit is stored at once.
//! Under load those that arrive during a commit form the next group. That alone is not enough: the first answer to a group
//! would find an idle room and have a commit for itself while all others wait for it. So a busy room yields to the event
//! loop until as many edits wait as came together lately.

use std::mem;

use super::connection::{Author, ConnectionId};
use crate::{protocol::Millis, update::ValidatedUpdate};

/// Bytes of edits that may wait to be stored together.
const MAX_BYTES: usize = 1 << 20;

/// Time after a commit during which a room is busy, in milliseconds: much longer than a turn of the event loop, much shorter
/// than a pause in typing.
const BUSY: Millis = 10;

/// Turns of the event loop that the first edit of a group waits. With five clients and eight edits in flight 12 were enough
/// for all eight to arrive, which takes some 0.3 ms. A turn costs some of what a message costs, so then follows a pause of
/// one millisecond, which is enough with fifty clients.
const MAX_TURNS: u8 = 12;

/// A change of the document.
#[derive(Clone, Debug)]
pub(crate) struct Edit<U> {
    /// The connection of its author, which has the change already; none where the room itself edits.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) author: Author,
    pub(crate) update: U,
}

/// The edits that wait to be stored together.
#[derive(Debug, Default)]
pub(crate) struct EditQueue {
    phase: Phase,
    /// Whether a turn was requested that has not come.
    is_yielding: bool,
    waiting: Vec<Edit<ValidatedUpdate>>,
    bytes: usize,
    /// Sizes of the last two groups.
    sizes: [usize; 2],
    /// Time of the last commit.
    committed: Option<Millis>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// Waiting for more edits, for so many turns.
    Gathering(u8),
    /// The last group is not durable yet.
    Committing,
}

/// The next thing to do about the edits that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Next {
    /// Nothing yet.
    Wait,
    /// Yield to the event loop, or pause for a millisecond.
    Yield { pause: bool },
    /// Store and send them.
    Flush,
}

impl EditQueue {
    /// The edits that wait.
    pub(crate) fn waiting(&self) -> &[Edit<ValidatedUpdate>] {
        &self.waiting
    }

    /// Adds an edit.
    pub(crate) fn push(&mut self, now: Millis, edit: Edit<ValidatedUpdate>) -> Next {
        self.bytes += edit.update.len();
        self.waiting.push(edit);
        let is_busy = self.committed.is_some_and(|at| now.saturating_sub(at) <= BUSY);
        match self.phase {
            _ if self.bytes > MAX_BYTES => Next::Flush,
            Phase::Idle if is_busy => self.gather(0),
            Phase::Idle => Next::Flush,
            Phase::Gathering(_) | Phase::Committing => Next::Wait,
        }
    }

    /// The event loop had its turn.
    pub(crate) fn yielded(&mut self) -> Next {
        self.is_yielding = false;
        match self.phase {
            Phase::Gathering(turns) if turns <= MAX_TURNS => self.gather(turns + 1),
            Phase::Gathering(_) => Next::Flush,
            // They were stored meanwhile.
            Phase::Idle | Phase::Committing => Next::Wait,
        }
    }

    /// The last group is durable.
    pub(crate) fn committed(&mut self, now: Millis) -> Next {
        self.phase = Phase::Idle;
        self.committed = Some(now);
        if self.waiting.is_empty() { Next::Wait } else { self.gather(0) }
    }

    fn gather(&mut self, turns: u8) -> Next {
        let expected = self.sizes[0].max(self.sizes[1]);
        if self.waiting.len() >= expected {
            return Next::Flush;
        }
        self.phase = Phase::Gathering(turns);
        match mem::replace(&mut self.is_yielding, true) {
            true => Next::Wait,
            false => Next::Yield { pause: turns > MAX_TURNS },
        }
    }

    /// Whether an edit of a connection waits.
    pub(crate) fn has_edit_of(&self, connection: ConnectionId) -> bool {
        self.waiting.iter().any(|edit| edit.connection == Some(connection))
    }

    /// Takes the edits that wait, to store them.
    pub(crate) fn take(&mut self) -> Vec<Edit<ValidatedUpdate>> {
        if let Phase::Gathering(_) = self.phase {
            self.phase = Phase::Idle;
        }
        self.bytes = 0;
        if !self.waiting.is_empty() {
            self.sizes = [self.waiting.len(), self.sizes[0]];
        }
        mem::take(&mut self.waiting)
    }

    /// Returns whether the last group is not durable yet.
    pub(crate) fn is_committing(&self) -> bool {
        self.phase == Phase::Committing
    }

    /// The commit that was started last does not come, as its transaction was rolled back.
    pub(crate) fn forget_commit(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Something was written. Returns whether it starts a commit, as none is under way.
    pub(crate) fn start_commit(&mut self) -> bool {
        mem::replace(&mut self.phase, Phase::Committing) != Phase::Committing
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::protocol::{Origin, Protocol};

    /// A queue that has just committed a group of `size` edits, at the time 100.
    fn busy(size: usize) -> EditQueue {
        let mut queue = EditQueue::default();
        assert_eq!(push(&mut queue, 0), Next::Flush);
        for _ in 1..size {
            queue.waiting.push(edit());
        }
        store(&mut queue, size);
        assert_eq!(queue.committed(100), Next::Wait);
        queue
    }

    fn edit() -> Edit<ValidatedUpdate> {
        let origin = Rc::new(Origin::new("room", "p1".into(), "null"));
        let author = Author { origin, user: "null".into(), protocol: Protocol::Pluv };
        Edit { connection: None, author, update: ValidatedUpdate::default() }
    }

    fn push(queue: &mut EditQueue, now: Millis) -> Next {
        queue.push(now, edit())
    }

    fn store(queue: &mut EditQueue, size: usize) {
        assert_eq!(queue.take().len(), size);
        assert!(queue.start_commit());
    }

    #[test]
    fn edit_at_rest_is_stored_at_once() {
        let mut queue = busy(8);
        assert_eq!(push(&mut queue, 100 + BUSY + 1), Next::Flush);
    }

    #[test]
    fn fast_edits_of_one_author_are_stored_at_once() {
        let mut queue = busy(1);
        assert_eq!(push(&mut queue, 100), Next::Flush);
    }

    #[test]
    fn edits_wait_for_the_commit_under_way() {
        let mut queue = EditQueue::default();
        assert_eq!(push(&mut queue, 0), Next::Flush);
        store(&mut queue, 1);
        assert_eq!(push(&mut queue, 0), Next::Wait);
        assert_eq!(push(&mut queue, 0), Next::Wait);
        assert_eq!(queue.committed(0), Next::Flush);
        store(&mut queue, 2);
    }

    #[test]
    fn first_edit_after_a_group_waits_for_the_others() {
        let mut queue = busy(3);
        assert_eq!(push(&mut queue, 100), Next::Yield { pause: false });
        assert_eq!(push(&mut queue, 100), Next::Wait);
        assert_eq!(queue.yielded(), Next::Yield { pause: false });
        assert_eq!(push(&mut queue, 100), Next::Wait);
        assert_eq!(push(&mut queue, 100), Next::Wait);
        assert_eq!(queue.yielded(), Next::Flush);
        // One more than last time: so queues grow.
        store(&mut queue, 4);
    }

    #[test]
    fn edit_waits_for_a_limited_number_of_turns() {
        let mut queue = busy(3);
        assert_eq!(push(&mut queue, 100), Next::Yield { pause: false });
        for _ in 0..MAX_TURNS {
            assert_eq!(queue.yielded(), Next::Yield { pause: false });
        }
        assert_eq!(queue.yielded(), Next::Yield { pause: true });
        assert_eq!(queue.yielded(), Next::Flush);
        store(&mut queue, 1);
    }

    #[test]
    fn edits_during_a_commit_wait_for_a_group_of_the_last_size() {
        let mut queue = busy(3);
        assert_eq!(push(&mut queue, 200), Next::Flush);
        store(&mut queue, 1);
        assert_eq!(push(&mut queue, 200), Next::Wait);
        assert_eq!(queue.committed(200), Next::Yield { pause: false });
        assert_eq!(push(&mut queue, 200), Next::Wait);
        assert_eq!(push(&mut queue, 200), Next::Wait);
        assert_eq!(queue.yielded(), Next::Flush);
    }

    #[test]
    fn edits_flushed_while_yielding_are_not_flushed_again() {
        let mut queue = busy(3);
        assert_eq!(push(&mut queue, 100), Next::Yield { pause: false });
        // A handler's change can't wait.
        store(&mut queue, 1);
        assert_eq!(push(&mut queue, 100), Next::Wait);
        assert_eq!(queue.committed(100), Next::Wait, "the requested turn comes");
        assert_eq!(queue.yielded(), Next::Yield { pause: false });
    }

    #[test]
    fn edits_of_many_bytes_are_flushed_at_once() {
        let mut queue = busy(3);
        queue.bytes = MAX_BYTES + 1;
        assert_eq!(push(&mut queue, 100), Next::Flush);
    }
}
