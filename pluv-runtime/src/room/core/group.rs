//! Which edits are stored and shown together.
//!
//! A commit costs as much as many edits, and while it lasts the object does nothing else. At rest an edit is stored as it
//! comes. Under load those that come during a commit make the next group. That alone is not enough: the first answer to a
//! group would find an idle room and have a commit for itself while all the others wait for it. So a room that is busy
//! gives others a few turns, until as many have come as lately came together.

use std::{mem, rc::Rc};

use crate::{
    protocol::Origin,
    room::{Millis, effect::Connection},
    update::ValidatedUpdate,
};

/// How many bytes of edits may wait to be stored together.
const MAX_BYTES: usize = 1 << 20;

/// How long after a commit a room is busy, in milliseconds: much longer than a turn, much shorter than a pause of typing.
const BUSY: Millis = 10;

/// How many turns the first edit of a group waits. With five clients and eight edits under way 12 were enough for all
/// eight to come, which takes some 0.3 ms. A turn costs some of what a message costs, so then comes a pause of one
/// millisecond, which is enough with fifty clients.
const MAX_TURNS: u8 = 12;

/// A change of the document.
#[derive(Debug)]
pub(super) struct Edit<U> {
    /// Who made it; none where the room itself did.
    pub(super) connection: Option<Connection>,
    pub(super) origin: Rc<Origin>,
    /// The user, as JSON.
    pub(super) user: Rc<str>,
    pub(super) update: U,
}

/// The edits that wait to be stored together.
#[derive(Debug, Default)]
pub(super) struct Group {
    phase: Phase,
    /// Whether a turn has been asked for that has not come.
    is_turning: bool,
    waiting: Vec<Edit<ValidatedUpdate>>,
    /// How many bytes wait.
    bytes: usize,
    /// How many edits the last two groups had.
    sizes: [usize; 2],
    /// When the last commit ended.
    committed: Option<Millis>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// Others have their turn, and have had so many.
    Gathering(u8),
    /// What was stored is not safe yet.
    Committing,
}

/// What is to be done for the edits that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Next {
    /// Nothing yet.
    Wait,
    /// Let others have their turn.
    Turn,
    /// Let them have a millisecond.
    Pause,
    /// Store and show them.
    Flush,
}

impl Group {
    /// Adds an edit.
    pub(super) fn push(&mut self, now: Millis, edit: Edit<ValidatedUpdate>) -> Next {
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

    /// Others have had their turn.
    pub(super) fn turn(&mut self) -> Next {
        self.is_turning = false;
        match self.phase {
            Phase::Gathering(turns) if turns <= MAX_TURNS => self.gather(turns + 1),
            Phase::Gathering(_) => Next::Flush,
            // They were stored meanwhile.
            Phase::Idle | Phase::Committing => Next::Wait,
        }
    }

    /// What was stored is safe.
    pub(super) fn committed(&mut self, now: Millis) -> Next {
        self.phase = Phase::Idle;
        self.committed = Some(now);
        if self.waiting.is_empty() { Next::Wait } else { self.gather(0) }
    }

    fn gather(&mut self, turns: u8) -> Next {
        if self.waiting.len() >= self.expected() {
            return Next::Flush;
        }
        self.phase = Phase::Gathering(turns);
        if mem::replace(&mut self.is_turning, true) {
            Next::Wait
        } else if turns <= MAX_TURNS {
            Next::Turn
        } else {
            Next::Pause
        }
    }

    /// Whether an edit of a connection waits.
    pub(super) fn has_edit_of(&self, connection: Connection) -> bool {
        self.waiting.iter().any(|edit| edit.connection == Some(connection))
    }

    /// How many edits are likely to come together.
    fn expected(&self) -> usize {
        let [last, before] = self.sizes;
        last.max(before)
    }

    /// The edits that wait, to be stored.
    pub(super) fn take(&mut self) -> Vec<Edit<ValidatedUpdate>> {
        if let Phase::Gathering(_) = self.phase {
            self.phase = Phase::Idle;
        }
        self.bytes = 0;
        if !self.waiting.is_empty() {
            self.sizes = [self.waiting.len(), self.sizes[0]];
        }
        mem::take(&mut self.waiting)
    }

    /// Something was stored. Whether a commit was not under way already.
    pub(super) fn commit(&mut self) -> bool {
        mem::replace(&mut self.phase, Phase::Committing) != Phase::Committing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group that has just committed one of `size` edits, at the time 100.
    fn busy(size: usize) -> Group {
        let mut group = Group::default();
        assert_eq!(push(&mut group, 0), Next::Flush);
        for _ in 1..size {
            group.waiting.push(edit());
        }
        store(&mut group, size);
        assert_eq!(group.committed(100), Next::Wait);
        group
    }

    fn edit() -> Edit<ValidatedUpdate> {
        let origin = Rc::new(Origin::new("room", "p1".into(), "null"));
        Edit { connection: None, origin, user: "null".into(), update: ValidatedUpdate::default() }
    }

    fn push(group: &mut Group, now: Millis) -> Next {
        group.push(now, edit())
    }

    fn store(group: &mut Group, size: usize) {
        assert_eq!(group.take().len(), size);
        assert!(group.commit());
    }

    #[test]
    fn an_edit_at_rest_is_stored_at_once() {
        let mut group = busy(8);
        assert_eq!(push(&mut group, 100 + BUSY + 1), Next::Flush);
    }

    #[test]
    fn edits_that_come_one_by_one_are_stored_at_once_however_fast() {
        let mut group = busy(1);
        assert_eq!(push(&mut group, 100), Next::Flush);
    }

    #[test]
    fn edits_wait_for_a_commit_that_is_under_way() {
        let mut group = Group::default();
        assert_eq!(push(&mut group, 0), Next::Flush);
        store(&mut group, 1);
        assert_eq!(push(&mut group, 0), Next::Wait);
        assert_eq!(push(&mut group, 0), Next::Wait);
        assert_eq!(group.committed(0), Next::Flush);
        store(&mut group, 2);
    }

    #[test]
    fn the_first_answer_to_a_group_waits_for_the_others() {
        let mut group = busy(3);
        assert_eq!(push(&mut group, 100), Next::Turn);
        assert_eq!(push(&mut group, 100), Next::Wait);
        assert_eq!(group.turn(), Next::Turn);
        assert_eq!(push(&mut group, 100), Next::Wait);
        assert_eq!(push(&mut group, 100), Next::Wait);
        assert_eq!(group.turn(), Next::Flush);
        // One more than last time: so groups grow.
        store(&mut group, 4);
    }

    #[test]
    fn an_edit_waits_for_some_turns_and_no_longer() {
        let mut group = busy(3);
        assert_eq!(push(&mut group, 100), Next::Turn);
        for _ in 0..MAX_TURNS {
            assert_eq!(group.turn(), Next::Turn);
        }
        assert_eq!(group.turn(), Next::Pause);
        assert_eq!(group.turn(), Next::Flush);
        store(&mut group, 1);
    }

    #[test]
    fn what_came_during_a_commit_waits_for_as_many_as_lately_came_together() {
        let mut group = busy(3);
        assert_eq!(push(&mut group, 200), Next::Flush);
        store(&mut group, 1);
        assert_eq!(push(&mut group, 200), Next::Wait);
        assert_eq!(group.committed(200), Next::Turn);
        assert_eq!(push(&mut group, 200), Next::Wait);
        assert_eq!(push(&mut group, 200), Next::Wait);
        assert_eq!(group.turn(), Next::Flush);
    }

    #[test]
    fn edits_that_are_stored_while_others_have_their_turn_are_not_stored_again() {
        let mut group = busy(3);
        assert_eq!(push(&mut group, 100), Next::Turn);
        // A handler's change can't wait.
        store(&mut group, 1);
        assert_eq!(push(&mut group, 100), Next::Wait);
        assert_eq!(group.committed(100), Next::Wait, "the turn that was asked for comes");
        assert_eq!(group.turn(), Next::Turn);
    }

    #[test]
    fn edits_of_many_bytes_wait_for_nobody() {
        let mut group = busy(3);
        group.bytes = MAX_BYTES + 1;
        assert_eq!(push(&mut group, 100), Next::Flush);
    }
}
