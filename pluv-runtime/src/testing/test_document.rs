//! The document of a client.

use yrs::{
    Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, block::ClientID, merge_updates_v1,
    updates::decoder::Decode as _,
};

use crate::update::{Batches, batches, has_gap};

/// A document that accepts updates in any order, as Yjs does.
#[derive(Debug)]
pub(crate) struct TestDocument {
    pub(crate) doc: Doc,
    /// Updates with missing dependencies, parts of which `yrs` would apply and Yjs does not.
    pending: Vec<Vec<u8>>,
}

impl TestDocument {
    /// Makes an empty document with this client id.
    pub(crate) fn new(client: u64) -> Self {
        let client_id = ClientID::new(client);
        // Positions are in UTF-16, as in stock clients.
        let options = Options { client_id, offset_kind: OffsetKind::Utf16, ..Options::default() };
        Self { doc: Doc::with_options(options), pending: Vec::new() }
    }

    /// Makes a document from an update of a whole document.
    #[cfg(test)]
    pub(crate) fn of(update: Vec<u8>) -> Self {
        let mut document = Self::new(1);
        document.apply(update);
        document
    }

    pub(crate) fn apply(&mut self, update: Vec<u8>) {
        self.pending.push(update);
        loop {
            let before = self.known();
            for update in std::mem::take(&mut self.pending) {
                self.apply_ready(&update);
            }
            if self.pending.is_empty() || self.known() == before {
                return;
            }
        }
    }

    fn apply_ready(&mut self, update: &[u8]) {
        let known = self.known();
        let decoded = Update::decode_v1(update).expect("an update can be read");
        if !has_gap(&decoded.insertions(true), &known) {
            return self.doc.transact_mut().apply_update(decoded).expect("an update can be applied");
        }
        let Batches { parts, rest } = batches(update, &known).expect("an update can be read");
        for part in parts {
            let part = Update::decode_v1(&part).expect("a part of an update can be read");
            self.doc.transact_mut().apply_update(part).expect("an update can be applied");
        }
        self.pending.extend(rest);
    }

    fn known(&self) -> StateVector {
        self.doc.transact().state_vector()
    }

    /// Returns the whole document with its pending updates as one update.
    pub(crate) fn all(&self) -> Vec<u8> {
        self.diff_since(&StateVector::default())
    }

    /// Returns the changes since a state vector, with all pending updates.
    pub(crate) fn diff_since(&self, vector: &StateVector) -> Vec<u8> {
        let all = self.doc.transact().encode_state_as_update_v1(vector);
        if self.pending.is_empty() {
            return all;
        }
        merge_updates_v1(std::iter::once(&all).chain(&self.pending)).expect("updates can be merged")
    }
}
