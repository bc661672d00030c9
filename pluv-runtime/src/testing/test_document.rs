//! A document as a client has it.

use yrs::{
    Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, block::ClientID, merge_updates_v1,
    updates::decoder::Decode as _,
};

use crate::update::{Batches, batches, has_gap};

/// A document that takes updates in any order, as Yjs does.
#[derive(Debug)]
pub(crate) struct TestDocument {
    pub(crate) doc: Doc,
    /// What is beyond a hole, of which `yrs` would take what Yjs lets wait.
    waiting: Vec<Vec<u8>>,
}

impl TestDocument {
    /// An empty document, whose changes have this id.
    pub(crate) fn new(client: u64) -> Self {
        let client_id = ClientID::new(client);
        // Positions are counted as stock clients do.
        let options = Options { client_id, offset_kind: OffsetKind::Utf16, ..Options::default() };
        Self { doc: Doc::with_options(options), waiting: Vec::new() }
    }

    /// The document that an update is all of.
    #[cfg(test)]
    pub(crate) fn of(update: Vec<u8>) -> Self {
        let mut document = Self::new(1);
        document.apply(update);
        document
    }

    pub(crate) fn apply(&mut self, update: Vec<u8>) {
        self.waiting.push(update);
        loop {
            let before = self.known();
            for update in std::mem::take(&mut self.waiting) {
                self.take(&update);
            }
            if self.waiting.is_empty() || self.known() == before {
                return;
            }
        }
    }

    fn take(&mut self, update: &[u8]) {
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
        self.waiting.extend(rest);
    }

    fn known(&self) -> StateVector {
        self.doc.transact().state_vector()
    }

    /// All of it, also what waits, as one update.
    pub(crate) fn all(&self) -> Vec<u8> {
        self.beyond(&StateVector::default())
    }

    /// What someone lacks of it who has this much, and all that waits.
    pub(crate) fn beyond(&self, vector: &StateVector) -> Vec<u8> {
        let all = self.doc.transact().encode_state_as_update_v1(vector);
        if self.waiting.is_empty() {
            return all;
        }
        merge_updates_v1(std::iter::once(&all).chain(&self.waiting)).expect("updates can be merged")
    }
}
