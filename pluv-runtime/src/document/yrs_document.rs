//! The document in Yjs's terms, by `yrs`.

use std::{any::Any, borrow::Cow};

use sha2::{Digest as _, Sha256};
use yrs::{ReadTxn as _, Transact as _};

use super::{
    loaded::{Loaded, merge},
    log::{Log, Stored},
    rows::{CorruptRange, Corruption},
    storage::{Document, Storage, StoreError, StoreResults, Usage},
};
use crate::{
    protocol::Millis,
    sql::Database,
    update::{self, MergedUpdate, UpdateError, ValidatedUpdate},
};

/// How long a loaded document stays that nobody uses, in milliseconds. A room that hears nothing for 10 seconds sleeps
/// and loses it anyway; this is for rooms that go on chatting.
const KEEP: Millis = 10_000;

/// How much memory a document may take, in bytes, by the estimate of `estimated_memory` of an update. A wasm instance has 128 MB
/// for all rooms of its isolate. Hostile documents of eighteen kinds, each grown until it was rejected, compacted and read
/// back, took 35 to 87 MB natively, where pointers are twice as long.
const MAX_MEMORY: u64 = 48_000_000;

/// A Yjs document, by `yrs`.
#[derive(Clone, Copy, Debug)]
pub enum Yrs {}

impl Storage for Yrs {
    const EXISTS: bool = true;

    fn open(sql: Database, limit: usize) -> Option<Box<dyn Document>> {
        Some(Box::new(YrsDocument::new(sql, limit)))
    }
}

/// The document of a room.
///
/// An edit is applied to the loaded document before it is stored: only so it is known to fit, and what it brings that is
/// new. What was loaded is kept for a while.
#[derive(Debug)]
struct YrsDocument {
    log: Log,
    /// The most that may be stored, in bytes.
    limit: usize,
    loaded: Option<Loaded>,
    /// When it was last used.
    used: Millis,
    /// Messages on what was found corrupt while loading, for the developer.
    damage: Vec<String>,
}

impl YrsDocument {
    fn new(sql: Database, limit: usize) -> Self {
        Self { log: Log::new(sql), limit, loaded: None, used: 0, damage: Vec::new() }
    }

    /// The document with all that is stored.
    fn load(&mut self, now: Millis) -> Result<&mut Loaded, StoreError> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => self.read()?.0,
        };
        self.used = now;
        Ok(self.loaded.insert(loaded))
    }

    /// The document as it is stored, and where its log ends. What can't be read is quarantined, so that it never keeps a
    /// room from opening.
    fn read(&mut self) -> Result<(Loaded, i64), StoreError> {
        'again: loop {
            let Stored { snapshot, entries, damage, end } = self.log.read()?;
            for Corruption { range, reason } in damage {
                self.quarantine(&range, &reason)?;
            }
            let mut loaded = Loaded::new();
            let snapshot = snapshot.into_iter().map(|data| (CorruptRange::SNAPSHOT, data));
            let entries = entries.into_iter().map(|entry| (CorruptRange::Entry(entry.span), entry.data));
            for (range, data) in snapshot.chain(entries) {
                let update = ValidatedUpdate::new(data).map_err(|error| StoreError::Rejected(error.to_string()));
                let applied = update.and_then(|update| {
                    loaded.check_nesting(&update)?;
                    loaded.apply(&update)
                });
                if let Err(error) = applied {
                    self.quarantine(&range, &error.to_string())?;
                }
                if loaded.is_inconsistent {
                    continue 'again;
                }
            }
            return Ok((loaded, end));
        }
    }

    fn quarantine(&mut self, range: &CorruptRange, reason: &str) -> Result<(), StoreError> {
        self.log.quarantine(range, reason)?;
        self.damage.push(format!("a part of the document can't be read and was set aside in `pluv_damaged`: {reason}"));
        Ok(())
    }

    /// Replaces the log by a snapshot.
    fn compact(&mut self) -> Result<(), StoreError> {
        // Both at once would take twice the memory.
        let was_loaded = self.loaded.take().is_some();
        let (mut loaded, end) = self.read()?;
        let snapshot = loaded.snapshot();
        // What waits is in no snapshot. Stored twice it does no harm, so it comes first.
        let pending: Vec<_> = loaded.pending().collect();
        if !pending.is_empty() {
            self.log.append_all(&pending)?;
        }
        self.log.compact(end, &snapshot)?;
        if was_loaded {
            // What is deleted weighs nothing any longer.
            loaded.estimated_memory =
                update::validate(&snapshot).map_or(loaded.estimated_memory, |facts| facts.memory_with_deletions());
            self.loaded = Some(loaded);
        }
        Ok(())
    }

    /// Returns what waits, as one update: apart from the rest, as to join it with much would take the memory of the document once
    /// more.
    fn pending(&mut self, now: Millis) -> Result<Option<Vec<u8>>, StoreError> {
        let pending: Vec<_> = self.load(now)?.pending().collect();
        if pending.is_empty() { Ok(None) } else { merge(&pending).map(Some) }
    }

    fn stored_bytes(&mut self) -> Result<usize, StoreError> {
        let weight = self.log.size()?;
        Ok(usize::try_from(weight.snapshot + weight.log).unwrap_or(usize::MAX))
    }

    /// Makes sure that the document has room for an update, beside `more` bytes that are not stored yet.
    fn check_limits(&mut self, now: Millis, update: &ValidatedUpdate, more: usize) -> Result<(), StoreError> {
        let size = self.stored_bytes()? + more + update.len();
        let estimated_memory = self.load(now)?.estimated_memory + update.facts.memory_with_deletions();
        if size > self.limit {
            Err(StoreError::TooBig { size, limit: self.limit })
        } else if estimated_memory > MAX_MEMORY {
            Err(StoreError::TooMuchMemory { size: estimated_memory, limit: MAX_MEMORY })
        } else {
            Ok(())
        }
    }

    /// Makes sure that an update still fits, if need be when the log is compacted.
    fn fit(&mut self, now: Millis, update: &ValidatedUpdate, more: usize) -> Result<(), StoreError> {
        match self.check_limits(now, update, more) {
            // Compaction drops repetitions, and things deleted since, from the log; it wins nothing on what is not stored yet.
            Err(StoreError::TooBig { .. } | StoreError::TooMuchMemory { .. })
                if more == 0 && self.log.size()?.log > 0 =>
            {
                self.compact()?;
                self.check_limits(now, update, more)?;
            }
            fits => fits?,
        }
        self.load(now)?.check_nesting(update)
    }

    /// Applies updates, up to one for which what was applied must be stored first.
    fn apply(&mut self, now: Millis, updates: &[&ValidatedUpdate]) -> Result<StoreResults, StoreError> {
        let mut results = Vec::with_capacity(updates.len());
        let mut more = 0;
        for update in updates {
            let update = match self.load(now)?.normalize(update) {
                Ok(update) => update,
                Err(error) => {
                    results.push(Err(error));
                    continue;
                }
            };
            match self.fit(now, &update, more) {
                Ok(()) => {}
                Err(error @ StoreError::Failed(_)) => return Err(error),
                // The log can be compacted once it has what was applied.
                Err(_) if more > 0 => return Ok(results),
                Err(error) => {
                    results.push(Err(error));
                    continue;
                }
            }
            let loaded = self.load(now)?;
            let result = loaded.apply(&update);
            more += result.as_ref().map_or(0, |changes| changes.as_ref().map_or(0, Vec::len));
            results.push(result);
            if loaded.is_inconsistent {
                self.loaded = None;
                return Ok(results);
            }
        }
        Ok(results)
    }
}

impl Document for YrsDocument {
    fn is_blank(&mut self) -> Result<bool, StoreError> {
        Ok(self.stored_bytes()? == 0)
    }

    fn is_empty(&mut self, now: Millis) -> Result<bool, StoreError> {
        Ok(self.load(now)?.is_empty())
    }

    fn usage(&mut self) -> Result<Usage, StoreError> {
        Ok(Usage { bytes: self.stored_bytes()?, rows_written: self.log.rows_written() })
    }

    fn encode_state(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        Ok(self.load(now)?.snapshot())
    }

    fn validate(&self, update: Vec<u8>) -> Result<Option<ValidatedUpdate>, UpdateError> {
        Ok(Some(ValidatedUpdate::new(update)?).filter(|update| !update.facts.empty))
    }

    fn merge<'a>(&self, updates: &[&'a [u8]], choices: &[Vec<usize>]) -> Result<Vec<Cow<'a, [u8]>>, StoreError> {
        if let [update] = updates {
            return Ok(vec![Cow::Borrowed(*update); choices.len()]);
        }
        let pieces = MergedUpdate::new(updates).map_err(|error| StoreError::Failed(error.to_string()))?;
        let merge = |choice: &Vec<usize>| match choice[..] {
            [index] => Ok(Cow::Borrowed(updates[index])),
            _ => match pieces.merge(choice) {
                Some(merged) => Ok(Cow::Owned(merged)),
                None => merge(&choice.iter().map(|index| updates[*index]).collect::<Vec<_>>()).map(Cow::Owned),
            },
        };
        choices.iter().map(merge).collect()
    }

    fn store(&mut self, now: Millis, updates: &[&ValidatedUpdate]) -> Result<StoreResults, StoreError> {
        let mut results = Vec::with_capacity(updates.len());
        while results.len() < updates.len() {
            let part = self.apply(now, &updates[results.len()..])?;
            let news: Vec<&[u8]> = part.iter().filter_map(|result| result.as_ref().ok()?.as_deref()).collect();
            if let Err(error) = self.log.append_all(&news) {
                // It is ahead of what is stored.
                self.loaded = None;
                if results.is_empty() {
                    return Err(error.into());
                }
                results.resize(updates.len(), Err(error.into()));
                return Ok(results);
            }
            results.extend(part);
        }
        Ok(results)
    }

    fn append(&mut self, now: Millis, update: Vec<u8>) -> Result<(), StoreError> {
        let update = ValidatedUpdate::new(update).map_err(|error| StoreError::Failed(error.to_string()))?;
        self.check_limits(now, &update, 0)?;
        let loaded = self.load(now)?;
        loaded.check_nesting(&update)?;
        loaded.estimated_memory += update.facts.memory_with_deletions();
        self.log.append(&update.bytes)?;
        Ok(())
    }

    fn has_new_changes(&mut self, now: Millis, update: &ValidatedUpdate) -> Result<bool, StoreError> {
        self.load(now)?.has_new_changes(update)
    }

    fn encode_full(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        let loaded = self.load(now)?;
        let pending: Vec<_> = loaded.pending().map(<[u8]>::to_vec).collect();
        let state = loaded.snapshot();
        if pending.is_empty() {
            return Ok(state);
        }
        // To merge takes the memory of the document once more.
        self.loaded = None;
        let updates: Vec<_> = std::iter::once(&state).chain(&pending).map(Vec::as_slice).collect();
        merge(&updates)
    }

    fn diff_since(
        &mut self,
        now: Millis,
        update: &ValidatedUpdate,
        sent_version: Option<u64>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut missed = Vec::new();
        if sent_version != Some(self.version(now)?) {
            let known = update::state(&update.bytes).map_err(|_| StoreError::Inapplicable)?;
            missed.push(self.load(now)?.since(&known));
        }
        missed.extend(self.pending(now)?);
        Ok(missed)
    }

    fn state_vector(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        Ok(update::write_vector(self.load(now)?.known()))
    }

    fn diff_since_vector(&mut self, now: Millis, vector: &[u8]) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let loaded = self.load(now)?;
        let Ok(vector) = update::read_vector(vector, loaded.known()) else { return Ok(None) };
        let mut lacking = vec![loaded.since(&vector)];
        lacking.extend(self.pending(now)?);
        Ok(Some(lacking))
    }

    fn version(&mut self, now: Millis) -> Result<u64, StoreError> {
        let loaded = self.load(now)?;
        let transaction = loaded.doc().transact();
        let known = transaction.state_vector();
        // It is kept in attachments, so it must be the same in each build: std's hasher promises nothing of the kind.
        let mut hasher = Sha256::new();
        let mut write = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        // The deletions, as all insertions are known.
        write(&transaction.encode_state_as_update_v1(&known));
        loaded.pending().for_each(&mut write);
        // A state vector has no order.
        let mut known: Vec<_> = known.iter().map(|(client, clock)| (client.get(), *clock)).collect();
        known.sort_unstable();
        for (client, clock) in known {
            write(&client.to_le_bytes());
            write(&clock.to_le_bytes());
        }
        let hash = hasher.finalize();
        Ok(u64::from_le_bytes(std::array::from_fn(|index| hash[index])))
    }

    fn maintain(&mut self, now: Millis) -> Result<Vec<String>, StoreError> {
        if self.log.size()?.needs_compaction() {
            self.compact()?;
        }
        if now.saturating_sub(self.used) > KEEP {
            self.loaded = None;
        }
        Ok(std::mem::take(&mut self.damage))
    }

    fn metadata(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.log.metadata(key)?)
    }

    fn set_metadata(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        Ok(self.log.set_metadata(key, value)?)
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.loaded = None;
        Ok(self.log.clear()?)
    }

    fn doc(&mut self, now: Millis) -> Result<&dyn Any, StoreError> {
        let doc: &dyn Any = self.load(now)?.doc_mut();
        Ok(doc)
    }

    fn unload(&mut self) {
        self.loaded = None;
        self.log.reset();
    }
}
