//! Changes that depend on some that have not come.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{IdSet, StateVector, Update, block::ClientID, updates::decoder::Decode as _};

use super::StoreError;
use crate::update;

/// How many updates may wait, and how many bytes of them. A client sends what it changed in order, so that almost never
/// one does; and what came while it was away, it brings all at once.
const MAX_ENTRIES: usize = 1_000;
const MAX_BYTES: usize = 1 << 20;

/// Stored updates, or parts of them, that can't be applied yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: BTreeMap<u64, Entry>,
    next: u64,
    bytes: usize,
    /// What the entries wait for: a client's clock, and the entry.
    needs: BTreeSet<(ClientID, u32, u64)>,
    /// What they insert and delete.
    insertions: IdSet,
    deletions: IdSet,
}

#[derive(Debug)]
struct Entry {
    update: Vec<u8>,
    needs: Vec<(ClientID, u32)>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn updates(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.values().map(|entry| &*entry.update)
    }

    /// Whether all that `update` says waits already.
    pub(super) fn has(&self, update: &[u8]) -> bool {
        Update::decode_v1(update).is_ok_and(|update| {
            update.insertions(true).diff(&self.insertions).is_empty()
                && update.delete_set().diff(&self.deletions).is_empty()
        })
    }

    /// Adds an update that a document which has `known` can't take.
    pub(super) fn push(&mut self, update: Vec<u8>, known: &StateVector) -> Result<(), StoreError> {
        if self.entries.len() == MAX_ENTRIES || self.bytes + update.len() > MAX_BYTES {
            return Err(StoreError::TooManyPending { limit: MAX_ENTRIES });
        }
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
    pub(super) fn pop_ready(&mut self, client: ClientID, clock: u32) -> Option<Vec<u8>> {
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
