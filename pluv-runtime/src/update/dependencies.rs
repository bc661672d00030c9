//! What an update depends on, and its division into parts that a document can apply or has to wait for.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{ID, IdSet, StateVector, Update, block::ClientID};

use super::{
    Id, Struct, UpdateError,
    content::Tally,
    lib0::{Reader, write_number},
    read_struct,
    sections::{Part, Section, sections, walk},
};

/// Whether an update that inserts this much has structs of a client beyond those of it that a document which has `known` would then have.
///
/// `yrs` 0.28 takes such an update at once and marks the hole with a skip. When the missing structs come as a collected
/// range that reaches beyond the hole, as in the whole document of a client, it stores that range whole: clocks
/// overflow, and what it encodes from then on no client can read. So what is beyond a hole must wait until there is none.
pub(crate) fn has_gap(inserted: &IdSet, known: &StateVector) -> bool {
    inserted.iter().any(|(client, ranges)| {
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
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn split(update: &[u8], known: &StateVector) -> Result<(Vec<u8>, Vec<u8>), UpdateError> {
    let (mut of, mut reach) = (None, 0);
    let (sections, deletions) = sections(update, |client, clock, item| {
        if of.replace(client) != Some(client) {
            reach = known.get(&ClientID::new(client));
        }
        let is_hole = !item.skip && clock > reach;
        if !item.skip {
            reach = reach.max(clock + item.len);
        }
        is_hole
    })?;
    let (mut ready, mut beyond) = (Part::default(), Part::default());
    for Section { client, first, parting, end } in sections {
        ready.push(update, client, first, parting);
        beyond.push(update, client, parting, end);
    }
    Ok((ready.finish(&update[deletions..]), beyond.finish(&[0])))
}

/// What a document that has `known` lacks to take all of `update`, which is also given as it is `decoded`.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn dependencies(update: &[u8], decoded: &Update, known: &StateVector) -> Result<Vec<ID>, UpdateError> {
    let own = decoded.insertions(true);
    let mut needs = Needs { own: &own, known, found: Vec::new() };
    walk(update, |client, clock, item| {
        if !item.skip && clock > 0 {
            needs.push((client, clock - 1));
        }
        for id in [item.origin, item.right_origin, item.parent].into_iter().flatten() {
            needs.push(id);
        }
    })?;
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

/// Returns whether each parent that `update` names, and that it or a document with `known` has, can have children;
/// `can_have_children` says so of one in the document.
///
/// `yrs` finds out in the middle of applying an update, when what came before it is in the document already.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn are_parents_valid(
    update: &[u8],
    known: &StateVector,
    mut can_have_children: impl FnMut(ID) -> bool,
) -> Result<bool, UpdateError> {
    let mut parents = BTreeSet::new();
    walk(update, |client, clock, item| {
        // What the document has already is not applied.
        parents.extend(item.parent.filter(|_| clock + item.len > known.get(&ClientID::new(client))));
    })?;
    let mut is_valid = true;
    parents.retain(|&(client, clock)| {
        let client = ClientID::new(client);
        let is_known = clock < known.get(&client);
        is_valid &= !is_known || can_have_children(ID::new(client, clock));
        !is_known
    });
    walk(update, |client, clock, item| {
        is_valid &= !item.is_leaf || parents.range((client, clock)..(client, clock + item.len)).next().is_none();
    })?;
    Ok(is_valid)
}

/// How many clients `yrs` gets at once.
///
/// It goes through the clients by recursion, one level for each whose structs were taken before their turn, as others
/// depend on them. 10,000 in a row were fine natively with the 1 MB of stack that a worker has, and 20,000 were not.
pub(crate) const MAX_CLIENTS: usize = 2_000;

/// An update in parts.
#[derive(Debug)]
pub(crate) struct Batches {
    /// Each depends on those before it alone; the last has all deletions.
    pub(crate) parts: Vec<Vec<u8>>,
    /// What a document can't take yet.
    pub(crate) rest: Option<Vec<u8>>,
}

/// Parts an update that leaves no hole in a document with `known`, each part of at most [`MAX_CLIENTS`].
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn batches(update: &[u8], known: &StateVector) -> Result<Batches, UpdateError> {
    let mut order = Order::new(update, known)?;
    for index in 0..order.sections.len() {
        order.take(index)?;
    }
    let Order { mut done, batch, sections, deletions, .. } = order;
    done.push(encode(&batch, &update[deletions..]));
    let left = sections.iter().filter(|section| section.left > 0).map(|section| {
        let rest = Run { clock: section.clock, count: section.left, bytes: update[section.at..section.end].to_vec() };
        (section.client, rest)
    });
    let left: BTreeMap<_, _> = left.collect();
    Ok(Batches { parts: done, rest: (!left.is_empty()).then(|| encode(&left, &[0])) })
}

/// The structs of one client.
struct Queue {
    client: u64,
    /// The next struct: where it is, its clock, and how many are left.
    at: usize,
    clock: u32,
    left: u32,
    end: usize,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    /// It waits for others that are being taken.
    Waiting,
    /// All of it is taken, or what it waits for is not there.
    Over,
}

/// Structs that follow each other.
struct Run {
    clock: u32,
    count: u32,
    bytes: Vec<u8>,
}

/// Puts structs in an order in which each comes after what it depends on.
struct Order<'a> {
    update: &'a [u8],
    known: &'a StateVector,
    sections: Vec<Queue>,
    /// Where the section of a client is.
    places: BTreeMap<u64, usize>,
    deletions: usize,
    batch: BTreeMap<u64, Run>,
    done: Vec<Vec<u8>>,
}

impl<'a> Order<'a> {
    fn new(update: &'a [u8], known: &'a StateVector) -> Result<Self, UpdateError> {
        let (sections, deletions) = sections(update, |_, _, _| false)?;
        let sections: Vec<_> = sections
            .into_iter()
            .map(|Section { client, first, end, .. }| Queue {
                client,
                at: first.at,
                clock: first.clock,
                left: end.index,
                end: end.at,
                progress: Progress::Untouched,
            })
            .collect();
        let places = sections.iter().enumerate().map(|(index, section)| (section.client, index)).collect();
        Ok(Self { update, known, sections, places, deletions, batch: BTreeMap::new(), done: Vec::new() })
    }

    /// Takes the structs of a section, each after those that it depends on.
    fn take(&mut self, section: usize) -> Result<(), UpdateError> {
        let mut path = vec![section];
        while let Some(&index) = path.last() {
            let missing = self.advance(index)?.and_then(|client| self.places.get(&client).copied());
            // Nobody waits in a circle, or for what never comes.
            match missing.filter(|missing| self.sections[*missing].progress == Progress::Untouched) {
                Some(missing) if missing != index => {
                    self.sections[index].progress = Progress::Waiting;
                    path.push(missing);
                }
                _ => {
                    self.sections[index].progress = Progress::Over;
                    path.pop();
                }
            }
        }
        Ok(())
    }

    /// Takes structs of a section up to one that depends on what is not there yet; tells of which client that is.
    fn advance(&mut self, index: usize) -> Result<Option<u64>, UpdateError> {
        let Queue { client, at: start, clock: first, left, .. } = self.sections[index];
        let (mut at, mut clock, mut count, mut missing) = (start, first, 0, None);
        let mut reader = Reader::new(&self.update[..self.sections[index].end]);
        reader.skip(start);
        let mut tally = Tally::default();
        while count < left {
            let item = read_struct(&mut reader, &mut tally)?;
            missing = self.missing(client, clock, &item);
            if missing.is_some() {
                break;
            }
            (at, clock, count) = (reader.at(), clock + item.len, count + 1);
        }
        if count > 0 {
            let run = self.batch.entry(client).or_insert_with(|| Run { clock: first, count: 0, bytes: Vec::new() });
            run.count += count;
            run.bytes.extend_from_slice(&self.update[start..at]);
        }
        let section = &mut self.sections[index];
        (section.at, section.clock, section.left) = (at, clock, left - count);
        if self.batch.len() >= MAX_CLIENTS {
            self.done.push(encode(&std::mem::take(&mut self.batch), &[0]));
        }
        Ok(missing)
    }

    /// The client of whom a struct needs more than there is.
    fn missing(&self, client: u64, clock: u32, item: &Struct) -> Option<u64> {
        let is_there = |&(other, at): &Id| {
            (other == client && at < clock)
                || at < self.known.get(&ClientID::new(other))
                || self.places.get(&other).is_some_and(|place| other != client && at < self.sections[*place].clock)
        };
        let needs = [item.origin, item.right_origin, item.parent];
        needs.into_iter().flatten().find(|need| !is_there(need)).map(|(other, _)| other)
    }
}

fn encode(runs: &BTreeMap<u64, Run>, deletions: &[u8]) -> Vec<u8> {
    let mut update = Vec::new();
    write_number(&mut update, runs.len() as u64);
    // The highest client first, as Yjs writes them.
    for (client, Run { clock, count, bytes }) in runs.iter().rev() {
        write_number(&mut update, (*count).into());
        write_number(&mut update, *client);
        write_number(&mut update, (*clock).into());
        update.extend_from_slice(bytes);
    }
    update.extend_from_slice(deletions);
    update
}
