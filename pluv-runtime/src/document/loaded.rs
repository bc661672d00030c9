//! A document in memory.

use std::{borrow::Cow, collections::HashSet, error::Error};

use yrs::{
    Doc, IdSet, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, TransactionMut, Update, WriteTxn as _,
    block::ClientID,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::{StoreError, pending::Pending};
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
    /// What it takes in memory, in bytes, at most.
    pub(super) estimated_memory: u64,
    /// What waited and then did not fit: it is as if it had never come.
    rejected: HashSet<Vec<u8>>,
}

/// Why an update was not applied. A part of it may have been.
#[derive(Debug)]
pub(super) enum Failure {
    /// For its own sake.
    Update(StoreError),
    /// For that of this one, which had waited for it.
    Pending(Vec<u8>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Update(error)
    }
}

/// What became of an update.
struct Taken {
    /// Whether it changed anything.
    is_change: bool,
    /// What it changed, where that was asked for.
    changes: Option<Vec<u8>>,
    /// What of it has to wait.
    rest: Option<Vec<u8>>,
    /// The clients of whom there is more now.
    advanced: Vec<ClientID>,
}

impl Loaded {
    /// An empty document; what is `rejected` is not to wait in it.
    pub(super) fn new(rejected: HashSet<Vec<u8>>) -> Self {
        // No history of what was deleted, and positions as stock clients count them.
        let options = Options { skip_gc: false, offset_kind: OffsetKind::Utf16, ..Options::default() };
        let (doc, pending) = (Doc::with_options(options), Pending::default());
        Self { doc, pending, known: None, nesting: 0, estimated_memory: 0, rejected }
    }

    /// Makes sure that an update nests shared types not too deep, before it is applied.
    ///
    /// # Errors
    /// When it does.
    pub(super) fn check_nesting(&mut self, update: &ValidatedUpdate) -> Result<(), StoreError> {
        let mut more = update.types;
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

    /// What of an update the document does not know, in pieces that it can take.
    ///
    /// # Errors
    /// When it can't.
    pub(super) fn normalize<'a>(
        &mut self,
        update: &'a ValidatedUpdate,
    ) -> Result<Cow<'a, ValidatedUpdate>, StoreError> {
        let known = known(&mut self.known, &self.doc);
        let deleted = || self.doc.transact().snapshot().delete_set;
        let trimmed = update::trim(&update.bytes, known, deleted).map_err(unfit)?;
        let update = match trimmed {
            Some(bytes) => Cow::Owned(super::yrs_document::read_back(bytes).map_err(unfit)?),
            None => Cow::Borrowed(update),
        };
        if update.joining <= update::MAX_JOINING {
            return Ok(update);
        }
        let (bytes, facts) =
            update::normalize(&update.bytes).map_err(|error| StoreError::Rejected(error.to_string()))?;
        Ok(Cow::Owned(super::yrs_document::validated(bytes.into_owned(), facts)))
    }

    /// Applies an update; what of it was not known.
    ///
    /// # Errors
    /// When it does not fit, or what waited for it does not.
    pub(super) fn apply(&mut self, validated: &ValidatedUpdate) -> Result<Option<Vec<u8>>, Failure> {
        let ValidatedUpdate { bytes, estimated_memory, .. } = validated;
        let update = Update::decode_v1(bytes).map_err(unfit)?;
        let inserted = update.insertions(true);
        let known = self.known();
        let repeats = inserted.iter().any(|(client, ranges)| {
            let known = known.get(client);
            ranges.iter().any(|range| range.start < known)
        });
        let Taken { is_change, changes, rest, advanced } = self.take(bytes, update, &inserted, repeats)?;
        let rest = rest.filter(|rest| !self.pending.has(rest) && !self.rejected.contains(rest));
        if !is_change && rest.is_none() {
            return Ok(None);
        }
        let news = match (&changes, &rest) {
            (Some(changes), Some(rest)) => super::yrs_document::merge(&[changes, rest])?,
            (Some(update), None) | (None, Some(update)) if repeats => update.clone(),
            // As its client wrote it: `yrs` writes some values in another way.
            _ => bytes.clone(),
        };
        self.estimated_memory += estimated_memory;
        if let Some(rest) = rest {
            self.wait(rest)?;
        }
        self.retry(advanced)?;
        Ok(Some(news))
    }

    /// Applies what can be of an update, which inserts this much; says what it changed if that is `asked` for.
    fn take(&mut self, bytes: &[u8], update: Update, inserted: &IdSet, asked: bool) -> Result<Taken, StoreError> {
        let Parts { ready, beyond } = parts(bytes, update, inserted, self.known()).map_err(unfit)?;
        let mut transaction = self.doc.transact_mut();
        for update in ready {
            transaction.apply_update(update).map_err(unfit)?;
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
        let mut rests = beyond;
        rests.extend(dependent);
        let rest = match &*rests {
            [_, _, ..] => Some(super::yrs_document::merge(&rests.iter().map(Vec::as_slice).collect::<Vec<_>>())?),
            _ => rests.pop(),
        };
        Ok(Taken { is_change, changes, rest, advanced })
    }

    /// Applies what has waited for one of these clients, as far as what it waited for is there.
    fn retry(&mut self, mut advanced: Vec<ClientID>) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        while let Some(client) = advanced.last() {
            let clock = self.known().get(client);
            let Some(bytes) = self.pending.pop_ready(*client, clock) else {
                advanced.pop();
                continue;
            };
            let taken = Update::decode_v1(&bytes).map_err(unfit).and_then(|update| {
                let inserted = update.insertions(true);
                self.take(&bytes, update, &inserted, false)
            });
            let Ok(taken) = taken else { return Err(Failure::Pending(bytes)) };
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

    /// What a client does not have that knows this much, but for what waits, as one update.
    pub(super) fn since(&self, known: &StateVector) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(known)
    }

    /// All of it but what waits, as one update.
    pub(super) fn snapshot(&self) -> Vec<u8> {
        self.since(&StateVector::default())
    }

    /// What waits for what has not come.
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

/// An update as `yrs` can take it.
struct Parts {
    /// To be applied one after another.
    ready: Vec<Update>,
    /// What has to wait.
    beyond: Vec<Vec<u8>>,
}

fn parts(bytes: &[u8], update: Update, inserted: &IdSet, known: &StateVector) -> Result<Parts, Box<dyn Error>> {
    let mut beyond = Vec::new();
    let (mut bytes, mut update) = (Cow::Borrowed(bytes), update);
    if update::has_gap(inserted, known) {
        let (ready, rest) = update::split(&bytes, known)?;
        beyond.push(rest);
        update = Update::decode_v1(&ready)?;
        bytes = Cow::Owned(ready);
    }
    // What was cut off leaves no more of them.
    if inserted.iter().count() <= update::MAX_CLIENTS {
        return Ok(Parts { ready: vec![update], beyond });
    }
    drop(update);
    let Batches { parts, rest } = update::batches(&bytes, known)?;
    beyond.extend(rest);
    let ready = parts.iter().map(|update| Update::decode_v1(update)).collect::<Result<_, _>>()?;
    Ok(Parts { ready, beyond })
}

fn known<'a>(known: &'a mut Option<StateVector>, doc: &Doc) -> &'a StateVector {
    known.get_or_insert_with(|| doc.transact().state_vector())
}

/// Whether a transaction has changed anything.
pub(crate) fn has_changed(transaction: &TransactionMut<'_>) -> bool {
    !(transaction.insert_set().is_empty() && transaction.delete_set().is_empty())
}

fn unfit<E>(_: E) -> StoreError {
    StoreError::Inapplicable
}
