//! The dependencies of an update, and its division into parts that a document can apply or has to wait for.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{ID, IdSet, StateVector, Update, block::ClientID};

use super::{
    content::Tally,
    error::UpdateError,
    lib0::{Id, Reader},
    structs::{Section, Structs, read_struct, sections, walk},
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

/// Returns the structs that a document with `known` lacks to take all of `update`, which is also given as it is `decoded`.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn dependencies(update: &[u8], decoded: &Update, known: &StateVector) -> Result<Vec<ID>, UpdateError> {
    let own = decoded.insertions(true);
    let mut found = Vec::new();
    let mut push = |(client, clock): Id| {
        let id = ID::new(ClientID::new(client), clock);
        if clock >= known.get(&id.client) && !own.contains(&id) && found.last() != Some(&id) {
            found.push(id);
        }
    };
    walk(update, |item| item.dependencies().for_each(&mut push))?;
    for (client, ranges) in decoded.delete_set().iter() {
        for range in ranges.iter() {
            push((client.get(), range.start));
            push((client.get(), range.end - 1));
        }
    }
    Ok(found)
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
    walk(update, |item| {
        // What the document has already is not applied.
        parents.extend(item.parent.filter(|_| item.end() > known.get(&ClientID::new(item.client))));
    })?;
    let mut is_valid = true;
    parents.retain(|&(client, clock)| {
        let client = ClientID::new(client);
        let is_known = clock < known.get(&client);
        is_valid &= !is_known || can_have_children(ID::new(client, clock));
        !is_known
    });
    walk(update, |item| {
        let mut inside = parents.range((item.client, item.clock)..(item.client, item.end()));
        is_valid &= !item.is_leaf || inside.next().is_none();
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
    /// The structs that a document can't take yet.
    pub(crate) rest: Option<Vec<u8>>,
}

/// Splits an update into parts of at most [`MAX_CLIENTS`] clients that a document with `known` can take, and the rest.
///
/// # Errors
/// Those of [`validate`](super::validate), which `update` has passed.
pub(crate) fn batches(update: &[u8], known: &StateVector) -> Result<Batches, UpdateError> {
    let (sections, deletions) = sections(update, |_| true)?;
    let mut queues: BTreeMap<_, _> = sections.into_iter().map(|section| (section.client, section)).collect();
    let mut parts = Vec::new();
    let mut batch = Structs::default();
    // How much of each client there is in the document and in the parts.
    let mut reached = known.clone();
    let mut ready: Vec<_> = queues.keys().copied().collect();
    // The clients whose next struct depends on one that is not there: that one's client and clock, and the client.
    let mut waiting = BTreeSet::new();
    while let Some(client) = ready.pop() {
        let Some(queue) = queues.get_mut(&client) else { continue };
        let (taken, missing) = take(update, queue, &mut reached)?;
        if taken.count > 0 {
            batch.push_section(update, taken);
        }
        if batch.clients() >= MAX_CLIENTS {
            parts.push(std::mem::take(&mut batch).encode(&[0]));
        }
        waiting.extend(missing.map(|(other, clock)| (other, clock, client)));
        let reach = reached.get(&ClientID::new(client));
        while let Some(&entry) = waiting.range((client, 0, 0)..(client, reach, 0)).next() {
            waiting.remove(&entry);
            ready.push(entry.2);
        }
    }
    parts.push(batch.encode(&update[deletions..]));
    let mut rest = Structs::default();
    for queue in queues.into_values().filter(|queue| queue.count > 0) {
        rest.push_section(update, queue);
    }
    Ok(Batches { parts, rest: (rest.clients() > 0).then(|| rest.encode(&[0])) })
}

/// Takes structs off a queue, up to one that depends on one that is not there; returns them, and the latter.
fn take(update: &[u8], queue: &mut Section, reached: &mut StateVector) -> Result<(Section, Option<Id>), UpdateError> {
    let mut reader = Reader::new(&update[..queue.bytes.end]);
    reader.skip(queue.bytes.start);
    let mut tally = Tally::default();
    let mut taken = Section::new(queue.client, queue.clocks.start, queue.bytes.start);
    let mut missing = None;
    while taken.count < queue.count {
        let item = read_struct(&mut reader, &mut tally, queue.client, taken.clocks.end)?;
        missing = item.dependencies().find(|&(client, clock)| clock >= reached.get(&ClientID::new(client)));
        if missing.is_some() {
            break;
        }
        if !item.skip {
            reached.set_max(ClientID::new(queue.client), item.end());
        }
        taken.push(&item);
    }
    queue.count -= taken.count;
    queue.clocks.start = taken.clocks.end;
    queue.bytes.start = taken.bytes.end;
    Ok((taken, missing))
}
