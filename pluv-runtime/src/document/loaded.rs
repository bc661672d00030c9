//! A document in memory.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use yrs::{
    BranchID, Doc, ID, IdSet, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, TransactionMut, Update,
    WriteTxn as _,
    block::ClientID,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::storage::StoreError;
use crate::update::{self, Batches, ValidatedUpdate};

/// How many shared types may be inside each other.
///
/// `yrs` deletes them by recursion: with the 1 MB of stack that a worker has, 2,000 went well natively and 4,000 did
/// not. Besides, each edit takes time for each of those that it is in. Editors nest some tens.
pub(super) const MAX_NESTING: u32 = 500;

/// A document in memory, with all that is stored of it.
#[derive(Debug)]
pub(super) struct Loaded {
    doc: Doc,
    pending: Pending,
    /// How much of each client it has; none if its developer's code may have changed it. `yrs` collects it anew each time
    /// that it is asked, which would make an edit of a document that had many clients a slow one.
    known: Option<StateVector>,
    /// How many shared types are inside each other, at most.
    nesting: u32,
    /// The memory that it takes, in bytes, at most.
    pub(super) estimated_memory: u64,
    /// Whether `yrs` refused an update after it had applied a part of it: then this must be loaded anew.
    pub(super) is_inconsistent: bool,
}

/// The result of an update that was applied.
struct Taken {
    /// Whether it changed anything.
    is_change: bool,
    /// The changes that it made, where that was asked for.
    changes: Option<Vec<u8>>,
    /// The part of it that has to wait.
    rest: Option<Vec<u8>>,
    /// The clients of whom there is more now.
    advanced: Vec<ClientID>,
}

impl Loaded {
    /// An empty document.
    pub(super) fn new() -> Self {
        // No history of what was deleted, and positions as stock clients count them.
        let options = Options { skip_gc: false, offset_kind: OffsetKind::Utf16, ..Options::default() };
        let (doc, pending) = (Doc::with_options(options), Pending::default());
        Self { doc, pending, known: None, nesting: 0, estimated_memory: 0, is_inconsistent: false }
    }

    /// Makes sure that an update nests shared types not too deep, before it is applied.
    ///
    /// # Errors
    /// When it does.
    pub(super) fn check_nesting(&mut self, update: &ValidatedUpdate) -> Result<(), StoreError> {
        let mut more = update.facts.types;
        if self.nesting + more > MAX_NESTING {
            // Most types are beside each other.
            let count = |update: &[u8]| update::nesting(update).map_err(|error| StoreError::Failed(error.to_string()));
            more = count(&update.bytes)?;
            if self.nesting + more > MAX_NESTING {
                self.nesting = count(&self.snapshot())?;
            }
            if self.nesting + more > MAX_NESTING {
                return Err(StoreError::TooDeep { limit: MAX_NESTING });
            }
        }
        self.nesting += more;
        Ok(())
    }

    /// Returns what of an update the document does not know, in pieces that it can take.
    ///
    /// # Errors
    /// When it can't.
    pub(super) fn normalize<'a>(
        &mut self,
        update: &'a ValidatedUpdate,
    ) -> Result<Cow<'a, ValidatedUpdate>, StoreError> {
        let known = known(&mut self.known, &self.doc);
        let deleted = || self.doc.transact().snapshot().delete_set;
        let trimmed = update::trim(&update.bytes, known, deleted).map_err(inapplicable)?;
        let update = match trimmed {
            Some(bytes) => Cow::Owned(ValidatedUpdate::new(bytes).map_err(inapplicable)?),
            None => Cow::Borrowed(update),
        };
        if update.facts.joining <= update::MAX_JOINING {
            return Ok(update);
        }
        let (bytes, facts) =
            update::normalize(&update.bytes).map_err(|error| StoreError::Rejected(error.to_string()))?;
        Ok(Cow::Owned(ValidatedUpdate { bytes: bytes.into_owned(), facts }))
    }

    /// Returns whether an update has changes that are neither applied nor pending. Applies nothing.
    pub(super) fn has_new_changes(&mut self, update: &ValidatedUpdate) -> Result<bool, StoreError> {
        let update = Update::decode_v1(&update.bytes).map_err(inapplicable)?;
        let known = self.known();
        let mut insertions = IdSet::new();
        for (client, ranges) in update.insertions(true).iter() {
            for range in ranges.iter() {
                let start = range.start.max(known.get(client));
                if start < range.end {
                    insertions.insert(ID::new(*client, start), range.end - start);
                }
            }
        }
        let (insertions, mut deletions) = self.pending.without(&insertions, update.delete_set());
        if insertions.is_empty() && !deletions.is_empty() {
            deletions.diff_with(&self.doc.transact().snapshot().delete_set);
        }
        Ok(!(insertions.is_empty() && deletions.is_empty()))
    }

    /// Applies an update, all of it or nothing; returns what of it was not known.
    ///
    /// # Errors
    /// When it names a parent that can't be one, or has to wait and too much does.
    pub(super) fn apply(&mut self, validated: &ValidatedUpdate) -> Result<Option<Vec<u8>>, StoreError> {
        let ValidatedUpdate { bytes, facts } = validated;
        if facts.parents > 0 {
            self.check_parents(bytes)?;
        }
        let update = Update::decode_v1(bytes).map_err(inapplicable)?;
        if !self.pending.has_room(bytes.len()) {
            let dependencies = update::dependencies(bytes, &update, self.known()).map_err(inapplicable)?;
            if !dependencies.is_empty() {
                return Err(StoreError::TooManyPending { limit: MAX_PENDING });
            }
        }
        let inserted = update.insertions(true);
        let known = self.known();
        let repeats = inserted.iter().any(|(client, ranges)| {
            let known = known.get(client);
            ranges.iter().any(|range| range.start < known)
        });
        let Taken { is_change, changes, rest, advanced } = self.take(bytes, update, &inserted, repeats)?;
        let rest = rest.filter(|rest| !self.pending.has(rest));
        if !is_change && rest.is_none() {
            return Ok(None);
        }
        let news = match (&changes, &rest) {
            (Some(changes), Some(rest)) => merge(&[changes, rest])?,
            (Some(update), None) | (None, Some(update)) if repeats => update.clone(),
            // As its client wrote it: `yrs` writes some values in another way.
            _ => bytes.clone(),
        };
        self.estimated_memory += facts.memory_with_deletions();
        if let Some(rest) = rest {
            self.wait(rest)?;
        }
        self.retry(advanced)?;
        Ok(Some(news))
    }

    /// Makes sure that what an update names as parents can have children, before a part of it is applied.
    fn check_parents(&mut self, update: &[u8]) -> Result<(), StoreError> {
        let known = known(&mut self.known, &self.doc);
        let transaction = self.doc.transact();
        let mut deleted = None;
        let can_have_children = |id: ID| {
            BranchID::get_nested(&transaction, &id).is_some()
                // `yrs` takes what is in a deleted type, and drops it.
                || deleted.get_or_insert_with(|| transaction.snapshot().delete_set).contains(&id)
        };
        match update::are_parents_valid(update, known, can_have_children) {
            Ok(true) => Ok(()),
            _ => Err(StoreError::Inapplicable),
        }
    }

    /// Applies what can be of an update, which inserts this much; returns what it changed if that is `asked` for.
    fn take(&mut self, bytes: &[u8], update: Update, inserted: &IdSet, asked: bool) -> Result<Taken, StoreError> {
        let known = known(&mut self.known, &self.doc);
        let (ready, mut rest) = if update::has_gap(inserted, known) || inserted.iter().count() > update::MAX_CLIENTS {
            drop(update);
            let Batches { parts, rest } = update::batches(bytes, known).map_err(inapplicable)?;
            let decoded = parts.iter().map(|part| Update::decode_v1(part)).collect::<Result<_, _>>();
            (decoded.map_err(inapplicable)?, rest)
        } else {
            (vec![update], None)
        };
        let mut transaction = self.doc.transact_mut();
        for update in ready {
            if transaction.apply_update(update).is_err() {
                self.is_inconsistent = true;
                return Err(StoreError::Inapplicable);
            }
        }
        let dependent = transaction.prune_pending().map(|update| update.encode_v1());
        let is_change = has_changed(&transaction);
        let changes = (is_change && asked).then(|| transaction.encode_update_v1());
        let mut advanced = Vec::new();
        for (client, ranges) in transaction.insert_set().iter() {
            advanced.push(*client);
            if let (Some(known), Some(range)) = (&mut self.known, ranges.iter().next_back()) {
                known.set_max(*client, range.end);
            }
        }
        drop(transaction);
        if let Some(dependent) = dependent {
            rest = Some(match rest {
                Some(rest) => merge(&[&rest, &dependent])?,
                None => dependent,
            });
        }
        Ok(Taken { is_change, changes, rest, advanced })
    }

    /// Applies what has waited for one of these clients, as far as its dependencies are there. What can't be applied then
    /// is dropped: the next compaction leaves it out of the log.
    fn retry(&mut self, mut advanced: Vec<ClientID>) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        while let Some(client) = advanced.last() {
            let clock = self.known().get(client);
            let Some(bytes) = self.pending.pop_ready(*client, clock) else {
                advanced.pop();
                continue;
            };
            if self.check_parents(&bytes).is_err() {
                continue;
            }
            let update = Update::decode_v1(&bytes).map_err(inapplicable)?;
            let inserted = update.insertions(true);
            let taken = self.take(&bytes, update, &inserted, false)?;
            advanced.extend(taken.advanced);
            if let Some(rest) = taken.rest {
                self.wait(rest)?;
            }
        }
        Ok(())
    }

    fn wait(&mut self, update: Vec<u8>) -> Result<(), StoreError> {
        let known = known(&mut self.known, &self.doc);
        self.pending.push(update, known)
    }

    /// How much of each client it has.
    pub(super) fn known(&mut self) -> &StateVector {
        known(&mut self.known, &self.doc)
    }

    /// Returns what a client lacks that knows this much, but for what waits, as one update.
    pub(super) fn since(&self, known: &StateVector) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(known)
    }

    /// All of it but what waits, as one update.
    pub(super) fn snapshot(&self) -> Vec<u8> {
        self.since(&StateVector::default())
    }

    /// Returns the updates that wait for what has not come.
    pub(super) fn pending(&self) -> impl Iterator<Item = &[u8]> {
        self.pending.updates()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.doc.transact().root_refs().next().is_none()
    }

    /// The document, for whoever reads it.
    pub(super) fn doc(&self) -> &Doc {
        &self.doc
    }

    /// The document, for whoever may change it.
    pub(super) fn doc_mut(&mut self) -> &Doc {
        self.known = None;
        &self.doc
    }
}

fn known<'a>(known: &'a mut Option<StateVector>, doc: &Doc) -> &'a StateVector {
    known.get_or_insert_with(|| doc.transact().state_vector())
}

/// Whether a transaction has changed anything.
pub(crate) fn has_changed(transaction: &TransactionMut<'_>) -> bool {
    !(transaction.insert_set().is_empty() && transaction.delete_set().is_empty())
}

pub(super) fn merge(updates: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
    yrs::merge_updates_v1(updates).map_err(|error| StoreError::Failed(error.to_string()))
}

fn inapplicable<E>(_: E) -> StoreError {
    StoreError::Inapplicable
}

/// How many updates may wait, and how many bytes of them. A client sends what it changed in order, so that almost never
/// one does; and what came while it was away, it brings all at once.
const MAX_PENDING: usize = 1_000;
const MAX_PENDING_BYTES: usize = 1 << 20;

/// Stored updates, or parts of them, that can't be applied yet.
#[derive(Debug, Default)]
struct Pending {
    entries: BTreeMap<u64, Entry>,
    next: u64,
    bytes: usize,
    /// The dependencies of the entries: a client's clock, and the entry.
    needs: BTreeSet<(ClientID, u32, u64)>,
    /// All that they insert and delete.
    insertions: IdSet,
    deletions: IdSet,
}

#[derive(Debug)]
struct Entry {
    update: Vec<u8>,
    needs: Vec<(ClientID, u32)>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn updates(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.values().map(|entry| &*entry.update)
    }

    /// Whether all that `update` says waits already.
    fn has(&self, update: &[u8]) -> bool {
        Update::decode_v1(update).is_ok_and(|update| {
            let (insertions, deletions) = self.without(&update.insertions(true), update.delete_set());
            insertions.is_empty() && deletions.is_empty()
        })
    }

    /// Returns what of these insertions and deletions does not wait already.
    fn without(&self, insertions: &IdSet, deletions: &IdSet) -> (IdSet, IdSet) {
        (insertions.diff(&self.insertions), deletions.diff(&self.deletions))
    }

    /// Whether an update of this length may wait.
    fn has_room(&self, len: usize) -> bool {
        self.entries.len() < MAX_PENDING && self.bytes + len <= MAX_PENDING_BYTES
    }

    /// Adds an update that a document which has `known` can't take.
    fn push(&mut self, update: Vec<u8>, known: &StateVector) -> Result<(), StoreError> {
        let decoded = Update::decode_v1(&update).map_err(|_| StoreError::Inapplicable)?;
        let needs = update::dependencies(&update, &decoded, known).map_err(|_| StoreError::Inapplicable)?;
        let needs: Vec<_> = needs.into_iter().map(|id| (id.client, id.clock)).collect();
        self.insertions.merge_with(decoded.insertions(true));
        self.deletions.merge_with(decoded.delete_set().clone());
        self.needs.extend(needs.iter().map(|&(client, clock)| (client, clock, self.next)));
        self.bytes += update.len();
        self.entries.insert(self.next, Entry { update, needs });
        self.next += 1;
        Ok(())
    }

    /// Takes out an update that waited for something of `client`, of whom there is now all before `clock`.
    fn pop_ready(&mut self, client: ClientID, clock: u32) -> Option<Vec<u8>> {
        let &(.., key) = self.needs.range((client, 0, 0)..(client, clock, 0)).next()?;
        let Entry { update, needs } = self.entries.remove(&key)?;
        for (client, clock) in needs {
            self.needs.remove(&(client, clock, key));
        }
        self.bytes -= update.len();
        if let Ok(update) = Update::decode_v1(&update) {
            // Another entry may say the same; then it only is not found again.
            self.insertions.diff_with(&update.insertions(true));
            self.deletions.diff_with(update.delete_set());
        }
        Some(update)
    }
}
