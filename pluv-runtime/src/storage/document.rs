//! The document in Yjs's terms, by `yrs`.

use std::{
    any::Any,
    borrow::Cow,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use yrs::{Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, updates::decoder::Decode as _};

use super::{
    Document, News, Sql, Storage, StoreError,
    damage::{Damage, Place},
    log::{Log, Stored},
    update,
};
use crate::room::Millis;

/// How long a loaded document stays that nobody uses, in milliseconds. A room that hears nothing for 10 seconds sleeps
/// and loses it anyway; this is for rooms that go on chatting.
const KEEP: Millis = 10_000;

/// How much memory a document may take, in bytes, by the estimate of [`update::Facts::heap`]. A wasm instance has 128 MB
/// for all rooms of its isolate, and to load or fold takes up to 1.3 times a document once more for a moment.
const MAX_HEAP: u64 = 48_000_000;

/// A Yjs document, by `yrs`.
#[derive(Clone, Copy, Debug)]
pub enum Yrs {}

impl Storage for Yrs {
    fn open<S: Sql + 'static>(sql: S, limit: usize) -> Option<Box<dyn Document>> {
        Some(Box::new(YrsDocument::new(sql, limit)))
    }
}

/// The document of a room.
///
/// An edit is applied to the loaded document before it is stored: only so it is known to fit, and what it brings that is
/// new. What was loaded is kept for a while.
#[derive(Debug)]
struct YrsDocument<S: Sql> {
    log: Log<S>,
    /// The most that may be stored, in bytes.
    limit: usize,
    loaded: Option<Loaded>,
    /// What was found damaged while loading, for the developer.
    damage: Vec<String>,
}

/// A document in memory.
#[derive(Debug)]
struct Loaded {
    doc: Doc,
    /// Stored updates that depend on one that has not come. `yrs` would take them, but it breaks when what is missing
    /// comes as a part of something larger.
    waiting: Vec<Vec<u8>>,
    /// What it takes in memory, in bytes, at most.
    heap: u64,
    used: Millis,
}

impl<S: Sql> YrsDocument<S> {
    fn new(sql: S, limit: usize) -> Self {
        Self { log: Log::new(sql), limit, loaded: None, damage: Vec::new() }
    }

    /// The document with all that is stored.
    fn load(&mut self, now: Millis) -> Result<&mut Loaded, StoreError> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => self.read()?.0,
        };
        Ok(self.loaded.insert(Loaded { used: now, ..loaded }))
    }

    /// The document as it is stored, and where its log ends. What can't be read is set aside, so that it never keeps a
    /// room from opening.
    fn read(&mut self) -> Result<(Loaded, i64), StoreError> {
        'again: loop {
            let Stored { snapshot, entries, damage, end } = self.log.read()?;
            for Damage { place, reason } in damage {
                self.set_aside(&place, &reason)?;
            }
            let mut loaded = Loaded::new();
            let snapshot = snapshot.into_iter().map(|data| (Place::SNAPSHOT, data));
            let entries = entries.into_iter().map(|entry| (Place::Entry(entry.span), entry.data));
            for (place, data) in snapshot.chain(entries) {
                if let Err(reason) = loaded.apply_stored(&data) {
                    self.set_aside(&place, &reason)?;
                    // A part of it may have been applied.
                    continue 'again;
                }
            }
            return Ok((loaded, end));
        }
    }

    fn set_aside(&mut self, place: &Place, reason: &str) -> Result<(), StoreError> {
        self.log.set_aside(place, reason)?;
        self.damage.push(format!("a part of the document can't be read and was set aside in `pluv_damaged`: {reason}"));
        Ok(())
    }

    /// Replaces the log by a snapshot.
    fn fold(&mut self, now: Millis) -> Result<(), StoreError> {
        // Both at once would take twice the memory.
        let was_loaded = self.loaded.take().is_some();
        let (loaded, end) = self.read()?;
        let snapshot = loaded.doc.transact().encode_state_as_update_v1(&StateVector::default());
        // What waits is in no snapshot. Stored twice it does no harm, so it comes first.
        for update in &loaded.waiting {
            self.log.append(update)?;
        }
        self.log.fold(end, &snapshot)?;
        if was_loaded {
            // What is deleted weighs nothing any longer.
            let heap = update::check(&snapshot).map_or(loaded.heap, |facts| facts.heap_if_cut());
            self.loaded = Some(Loaded { used: now, heap, ..loaded });
        }
        Ok(())
    }

    fn stored_bytes(&mut self) -> Result<usize, StoreError> {
        let weight = self.log.weight()?;
        Ok(usize::try_from(weight.snapshot + weight.log).unwrap_or(usize::MAX))
    }

    /// Whether an update of this size still fits, beside `more` bytes that are not stored yet.
    fn fits(&mut self, now: Millis, update: &[u8], more: usize) -> Result<Result<(), StoreError>, StoreError> {
        let heap = update::check(update).map_or(0, |facts| facts.heap_if_cut());
        let weigh = |document: &mut Self| -> Result<_, StoreError> {
            let size = document.stored_bytes()? + more + update.len();
            let heap = document.load(now)?.heap + heap;
            Ok(if size > document.limit {
                Err(StoreError::TooBig { size, limit: document.limit })
            } else if heap > MAX_HEAP {
                Err(StoreError::TooHeavy { size: heap, limit: MAX_HEAP })
            } else {
                Ok(())
            })
        };
        // What is stored may say things twice, or say what was deleted since; but not what is not stored yet.
        match weigh(self)? {
            Err(_) if more == 0 && self.log.weight()?.log > 0 => {
                self.fold(now)?;
                weigh(self)
            }
            fits => Ok(fits),
        }
    }

    fn apply_all(&mut self, now: Millis, updates: &[&[u8]]) -> Result<News, StoreError> {
        let mut unfit = vec![false; updates.len()];
        'again: loop {
            let mut results = Vec::with_capacity(updates.len());
            let mut more = 0;
            for (index, update) in updates.iter().enumerate() {
                if unfit[index] {
                    results.push(Err(StoreError::Unfit));
                    continue;
                }
                if let Err(error) = self.fits(now, update, more)? {
                    results.push(Err(error));
                    continue;
                }
                match self.load(now)?.apply(update) {
                    Ok(news) => {
                        more += news.as_ref().map_or(0, Vec::len);
                        results.push(Ok(news));
                    }
                    Err(_) => {
                        // A part of it may have been applied.
                        self.loaded = None;
                        unfit[index] = true;
                        continue 'again;
                    }
                }
            }
            return Ok(results);
        }
    }
}

impl Loaded {
    fn new() -> Self {
        // No history of what was deleted, and positions as stock clients count them.
        let options = Options { skip_gc: false, offset_kind: OffsetKind::Utf16, ..Options::default() };
        Self { doc: Doc::with_options(options), waiting: Vec::new(), heap: 0, used: 0 }
    }

    /// Applies an update; what of it was not known.
    fn apply(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let facts = update::check(bytes).map_err(|error| error.to_string())?;
        let update = Update::decode_v1(bytes).map_err(|error| error.to_string())?;
        if update::leaves_hole(&update, &self.doc.transact().state_vector()) {
            if self.waiting.iter().any(|known| known == bytes) {
                return Ok(None);
            }
            self.heap += facts.heap_if_cut();
            self.waiting.push(bytes.to_vec());
            return Ok(Some(bytes.to_vec()));
        }
        let news = self.integrate(update)?;
        let is_news = update::check(&news).is_ok_and(|facts| !facts.empty);
        if !is_news {
            return Ok(None);
        }
        self.heap += facts.heap_if_cut();
        self.retry()?;
        Ok(Some(news))
    }

    fn integrate(&self, update: Update) -> Result<Vec<u8>, String> {
        let mut transaction = self.doc.transact_mut();
        transaction.apply_update(update).map_err(|error| error.to_string())?;
        Ok(transaction.encode_update_v1())
    }

    /// Applies what has waited, as far as what it waited for is there.
    fn retry(&mut self) -> Result<(), String> {
        let mut index = 0;
        while index < self.waiting.len() {
            let update = Update::decode_v1(&self.waiting[index]).map_err(|error| error.to_string())?;
            if update::leaves_hole(&update, &self.doc.transact().state_vector()) {
                index += 1;
            } else {
                self.waiting.remove(index);
                self.integrate(update)?;
                index = 0;
            }
        }
        Ok(())
    }

    /// Applies what came out of storage, where it may have been damaged.
    fn apply_stored(&mut self, update: &[u8]) -> Result<(), String> {
        self.apply(update).map(drop)
    }

    /// What a client does not have that knows this much, as one update.
    fn since(&self, known: &StateVector) -> Result<Vec<u8>, StoreError> {
        let update = self.doc.transact().encode_state_as_update_v1(known);
        if self.waiting.is_empty() {
            return Ok(update);
        }
        let all = std::iter::once(&update).chain(&self.waiting);
        yrs::merge_updates_v1(all).map_err(|error| StoreError::Failed(error.to_string()))
    }
}

impl<S: Sql + 'static> Document for YrsDocument<S> {
    fn is_blank(&mut self) -> Result<bool, StoreError> {
        Ok(self.stored_bytes()? == 0)
    }

    fn is_empty(&mut self, now: Millis) -> Result<bool, StoreError> {
        let loaded = self.load(now)?;
        let has_roots = loaded.doc.transact().root_refs().next().is_some();
        Ok(!has_roots && loaded.waiting.is_empty())
    }

    fn state(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        self.load(now)?.since(&StateVector::default())
    }

    fn admit<'a>(&self, update: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, String> {
        let (update, facts) = update::admit(update).map_err(|error| error.to_string())?;
        Ok((!facts.empty).then_some(update))
    }

    fn merge(&self, updates: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
        yrs::merge_updates_v1(updates).map_err(|error| StoreError::Failed(error.to_string()))
    }

    fn store(&mut self, now: Millis, updates: &[&[u8]]) -> Result<News, StoreError> {
        let results = self.apply_all(now, updates)?;
        let news: Vec<&[u8]> = results.iter().filter_map(|result| result.as_ref().ok()?.as_deref()).collect();
        if let Err(error) = self.log.append_all(&news) {
            // It is ahead of what is stored.
            self.loaded = None;
            return Err(error.into());
        }
        Ok(results)
    }

    fn keep(&mut self, update: &[u8]) -> Result<(), StoreError> {
        let size = self.stored_bytes()? + update.len();
        if size > self.limit {
            return Err(StoreError::TooBig { size, limit: self.limit });
        }
        self.log.append(update)?;
        Ok(())
    }

    fn is_news(&mut self, now: Millis, update: &[u8]) -> Result<bool, StoreError> {
        let result = self.load(now)?.apply(update);
        let is_news = !matches!(result, Ok(None));
        if is_news {
            self.loaded = None;
        }
        Ok(is_news)
    }

    fn missed(&mut self, now: Millis, update: &[u8]) -> Result<Vec<u8>, StoreError> {
        let known = Update::decode_v1(update).map_err(|_| StoreError::Unfit)?.state_vector();
        self.load(now)?.since(&known)
    }

    fn mark(&mut self, now: Millis) -> Result<u64, StoreError> {
        let loaded = self.load(now)?;
        let transaction = loaded.doc.transact();
        let known = transaction.state_vector();
        let mut hasher = DefaultHasher::new();
        // What is deleted, as all else is known.
        transaction.encode_state_as_update_v1(&known).hash(&mut hasher);
        loaded.waiting.hash(&mut hasher);
        // The order of clients in a state vector is none.
        let mut known: Vec<_> = known.iter().collect();
        known.sort_unstable();
        known.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn tidy(&mut self, now: Millis) -> Result<Vec<String>, StoreError> {
        if self.log.weight()?.needs_fold() {
            self.fold(now)?;
        }
        if self.loaded.as_ref().is_some_and(|loaded| now.saturating_sub(loaded.used) > KEEP) {
            self.loaded = None;
        }
        Ok(std::mem::take(&mut self.damage))
    }

    fn note(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.log.note(key)?)
    }

    fn set_note(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        Ok(self.log.set_note(key, value)?)
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.loaded = None;
        Ok(self.log.clear()?)
    }

    fn doc(&mut self, now: Millis) -> Result<&dyn Any, StoreError> {
        let doc: &dyn Any = &self.load(now)?.doc;
        Ok(doc)
    }

    fn forget(&mut self) {
        self.loaded = None;
    }
}
