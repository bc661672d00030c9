//! Which edits have reached whom.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use yrs::Update;

/// Counts edits of one character, whose authors get those of all others. Any message may tell of several.
#[derive(Debug)]
pub(super) struct Ledger {
    authors: Vec<Author>,
    /// The author's place, by its Yjs client.
    places: HashMap<u64, usize>,
    tally: Tally,
}

/// What came through so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    /// Edits that reached all who should get them.
    pub(super) completed: u64,
    /// Edits that reached one of them.
    pub(super) delivered: u64,
    /// Bytes of the messages that told of these.
    pub(super) bytes: u64,
    /// The longest that an edit was under way.
    pub(super) longest: Duration,
}

#[derive(Debug, Default)]
struct Author {
    sent: u32,
    /// Edits that some lack, in order.
    under_way: VecDeque<UnderWay>,
    /// How many edits of each author it has.
    has: Vec<u32>,
}

#[derive(Debug)]
struct UnderWay {
    since: Instant,
    /// How many do not have it.
    lacking: usize,
}

impl Ledger {
    /// A ledger of authors, given by their Yjs clients.
    pub(super) fn new(clients: impl IntoIterator<Item = u64>) -> Self {
        let places: HashMap<_, _> = clients.into_iter().zip(0..).collect();
        let count = places.len();
        let authors = (0..count).map(|_| Author { has: vec![0; count], ..Author::default() }).collect();
        Self { authors, places, tally: Tally::default() }
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// How many edits were sent, and lack someone.
    pub(super) fn under_way(&self) -> u64 {
        self.tally.sent - self.tally.completed
    }

    /// An author sent an edit.
    pub(super) fn send(&mut self, author: usize) {
        self.tally.sent += 1;
        let lacking = self.authors.len() - 1;
        let author = &mut self.authors[author];
        author.sent += 1;
        author.under_way.push_back(UnderWay { since: Instant::now(), lacking });
    }

    /// An author got a message of so many bytes, which tells of this. Whether that completed an edit.
    ///
    /// # Errors
    /// When an edit came twice, or too soon: something was lost.
    pub(super) fn deliver(&mut self, reader: usize, update: &Update, bytes: usize) -> Result<bool> {
        let before = self.tally;
        for (client, ranges) in update.insertions(true).iter() {
            // Some servers send an author its own edits too.
            let Some(place) = self.places.get(&client.get()).copied().filter(|place| *place != reader) else {
                continue;
            };
            for range in ranges {
                let has = &mut self.authors[reader].has[place];
                ensure!(range.start == *has, "edit {} of a client came after {has} of its edits", range.start);
                *has = range.end;
                self.arrive(place, range.start, range.end)?;
            }
        }
        if self.tally.delivered > before.delivered {
            self.tally.bytes += bytes as u64;
        }
        Ok(self.tally.completed > before.completed)
    }

    /// Edits of an author reached one more reader.
    fn arrive(&mut self, author: usize, start: u32, end: u32) -> Result<()> {
        let author = &mut self.authors[author];
        ensure!(end <= author.sent, "an edit came that nobody sent");
        self.tally.delivered += u64::from(end - start);
        let first = author.sent as usize - author.under_way.len();
        for edit in author.under_way.range_mut(start as usize - first..end as usize - first) {
            edit.lacking -= 1;
        }
        while author.under_way.front().is_some_and(|edit| edit.lacking == 0) {
            if let Some(edit) = author.under_way.pop_front() {
                self.tally.completed += 1;
                self.tally.longest = self.tally.longest.max(edit.since.elapsed());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use yrs::{merge_updates_v1, updates::decoder::Decode as _};

    use super::{super::Typist, *};

    #[test]
    fn an_edit_is_complete_when_all_others_have_it() {
        let mut typists = [0, 1, 2].map(|index| Typist::new(index, 1000));
        let mut ledger = Ledger::new(typists.iter().map(Typist::client));
        let mut edit = |ledger: &mut Ledger, author: usize| {
            ledger.send(author);
            typists[author].edit()
        };
        let decode = |update: &[u8]| Update::decode_v1(update).expect("it is an update");
        let edits = [edit(&mut ledger, 0), edit(&mut ledger, 0), edit(&mut ledger, 1)];
        assert_eq!(ledger.under_way(), 3);

        let all = decode(&merge_updates_v1(&edits).expect("they fit together"));
        assert!(!ledger.deliver(2, &all, 100).expect("it is in order"));
        assert_eq!((ledger.tally().delivered, ledger.tally().bytes), (3, 100));
        // Its own edits are nobody else's.
        assert!(!ledger.deliver(0, &decode(&edits[0]), 10).expect("it is its own"));
        assert!(ledger.deliver(0, &decode(&edits[2]), 10).expect("it is in order"));
        assert_eq!((ledger.tally().completed, ledger.tally().delivered, ledger.tally().bytes), (1, 4, 110));
        assert!(ledger.deliver(1, &decode(&edits[1]), 10).is_err(), "the first was lost");
        assert!(ledger.deliver(1, &decode(&edits[0]), 10).expect("it is in order"));
        assert!(ledger.deliver(1, &decode(&edits[1]), 10).expect("it is in order"));
        assert_eq!((ledger.tally().completed, ledger.under_way()), (3, 0));
        assert!(ledger.deliver(1, &decode(&edits[1]), 10).is_err(), "it came twice");
    }
}
