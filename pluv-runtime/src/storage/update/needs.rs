//! What an update depends on.

use yrs::{ID, IdSet, StateVector, Update, block::ClientID};

use super::{
    Id, UpdateError,
    heap::Tally,
    read_struct,
    reader::{Reader, write_number},
};

/// Whether `update` has structs of a client beyond those of it that a document which has `known` would then have.
///
/// `yrs` 0.28 takes such an update at once and marks the hole with a skip. When the missing structs come as a collected
/// range that reaches beyond the hole, as in the whole document of a client, it stores that range whole: clocks
/// overflow, and what it encodes from then on no client can read. So what is beyond a hole must wait until there is none.
pub(crate) fn leaves_hole(update: &Update, known: &StateVector) -> bool {
    update.insertions(true).iter().any(|(client, ranges)| {
        let mut reach = known.get(client);
        ranges.iter().any(|range| {
            let hole = range.start > reach;
            reach = reach.max(range.end);
            hole
        })
    })
}

/// Parts an update: what leaves no hole in a document that has `known`, with all deletions, and what is beyond holes.
///
/// # Errors
/// Those of [`check`](super::check), which `update` has passed.
pub(crate) fn cut(update: &[u8], known: &StateVector) -> Result<(Vec<u8>, Vec<u8>), UpdateError> {
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    let (mut ready, mut beyond) = (Part::default(), Part::default());
    for _ in 0..reader.count(4)? {
        let structs = reader.count(2)?;
        let client = reader.client()?;
        let first = reader.clock()?;
        let start = reader.at();
        let (mut clock, mut reach) = (first, known.get(&ClientID::new(client)));
        // Where the first hole is: how many structs are before it, where they end, and at which clock.
        let mut hole = None;
        for index in 0..structs {
            let at = reader.at();
            let item = read_struct(reader, &mut tally)?;
            if !item.skip && clock > reach && hole.is_none() {
                hole = Some((index, at, clock));
            }
            clock += item.len;
            if !item.skip {
                reach = reach.max(clock);
            }
        }
        let (before, at, clock) = hole.unwrap_or((structs, reader.at(), clock));
        ready.push(client, first, before, &update[start..at]);
        beyond.push(client, clock, structs - before, &update[at..reader.at()]);
    }
    Ok((ready.finish(&update[reader.at()..]), beyond.finish(&[0])))
}

/// The structs of a part of an update.
#[derive(Default)]
pub(super) struct Part {
    clients: u64,
    structs: Vec<u8>,
}

impl Part {
    pub(super) fn push(&mut self, client: u64, clock: u32, count: u32, structs: &[u8]) {
        if count > 0 {
            self.clients += 1;
            write_number(&mut self.structs, count.into());
            write_number(&mut self.structs, client);
            write_number(&mut self.structs, clock.into());
            self.structs.extend_from_slice(structs);
        }
    }

    pub(super) fn finish(self, deletions: &[u8]) -> Vec<u8> {
        let mut update = Vec::with_capacity(self.structs.len() + deletions.len() + 4);
        write_number(&mut update, self.clients);
        update.extend_from_slice(&self.structs);
        update.extend_from_slice(deletions);
        update
    }
}

/// What a document that has `known` lacks to take all of `update`, which is also given as it is `decoded`.
///
/// # Errors
/// Those of [`check`](super::check), which `update` has passed.
pub(crate) fn needs(update: &[u8], decoded: &Update, known: &StateVector) -> Result<Vec<ID>, UpdateError> {
    let own = decoded.insertions(true);
    let mut needs = Needs { own: &own, known, found: Vec::new() };
    let reader = &mut Reader::new(update);
    let mut tally = Tally::default();
    for _ in 0..reader.count(4)? {
        let structs = reader.count(2)?;
        let client = reader.client()?;
        let mut clock = reader.clock()?;
        for _ in 0..structs {
            let item = read_struct(reader, &mut tally)?;
            if !item.skip && clock > 0 {
                needs.push((client, clock - 1));
            }
            for id in [item.origin, item.right_origin, item.parent].into_iter().flatten() {
                needs.push(id);
            }
            clock += item.len;
        }
    }
    for (client, ranges) in decoded.delete_set().iter() {
        for range in ranges.iter() {
            needs.push((client.get(), range.start));
            needs.push((client.get(), range.end - 1));
        }
    }
    Ok(needs.found)
}

struct Needs<'a> {
    /// What the update inserts.
    own: &'a IdSet,
    known: &'a StateVector,
    found: Vec<ID>,
}

impl Needs<'_> {
    fn push(&mut self, (client, clock): Id) {
        let id = ID::new(ClientID::new(client), clock);
        if clock >= self.known.get(&id.client) && !self.own.contains(&id) && self.found.last() != Some(&id) {
            self.found.push(id);
        }
    }
}
