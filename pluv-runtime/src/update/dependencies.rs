//! What an update depends on.

use std::collections::BTreeSet;

use yrs::{ID, IdSet, StateVector, Update, block::ClientID};

use super::{
    Id, UpdateError,
    walk::{Part, Section, sections, walk},
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
