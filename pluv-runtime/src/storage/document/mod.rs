//! The document in Yjs's terms, by `yrs`.

mod loaded;
mod waiting;

use std::{
    any::Any,
    borrow::Cow,
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use yrs::{ReadTxn as _, Transact as _};

pub(crate) use self::loaded::has_changed;
use self::loaded::{Failure, Loaded};
use super::{
    Admitted, Document, Inadmissible, News, Sql, Storage, StoreError, Usage,
    damage::{Damage, Place},
    log::{Log, Stored},
    update::{self, Facts, Pieces},
};
use crate::protocol::Millis;

/// How long a loaded document stays that nobody uses, in milliseconds. A room that hears nothing for 10 seconds sleeps
/// and loses it anyway; this is for rooms that go on chatting.
const KEEP: Millis = 10_000;

/// How much memory a document may take, in bytes, by the estimate of [`update::Facts::heap`]. A wasm instance has 128 MB
/// for all rooms of its isolate. Hostile documents of eighteen kinds, each grown until it was refused, folded and read
/// back, took 35 to 87 MB natively, where pointers are twice as long.
const MAX_HEAP: u64 = 48_000_000;

/// A Yjs document, by `yrs`.
#[derive(Clone, Copy, Debug)]
pub enum Yrs {}

impl Storage for Yrs {
    const EXISTS: bool = true;

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
    /// When it was last used.
    used: Millis,
    /// What waited and then did not fit the document. The next fold leaves it out.
    rejected: HashSet<Vec<u8>>,
    /// What was found damaged while loading, for the developer.
    damage: Vec<String>,
}

impl<S: Sql> YrsDocument<S> {
    fn new(sql: S, limit: usize) -> Self {
        Self { log: Log::new(sql), limit, loaded: None, used: 0, rejected: HashSet::new(), damage: Vec::new() }
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

    /// The document as it is stored, and where its log ends. What can't be read is set aside, so that it never keeps a
    /// room from opening.
    fn read(&mut self) -> Result<(Loaded, i64), StoreError> {
        'again: loop {
            let Stored { snapshot, entries, damage, end } = self.log.read()?;
            for Damage { place, reason } in damage {
                self.set_aside(&place, &reason)?;
            }
            let mut loaded = Loaded::new(self.rejected.clone());
            let snapshot = snapshot.into_iter().map(|data| (Place::SNAPSHOT, data));
            let entries = entries.into_iter().map(|entry| (Place::Entry(entry.span), entry.data));
            for (place, data) in snapshot.chain(entries) {
                let applied = read_back(data).map_err(StoreError::Refused).map_err(Failure::from).and_then(|update| {
                    loaded.deepen(&update)?;
                    loaded.apply(&update)
                });
                match applied {
                    Ok(_) => continue,
                    Err(Failure::Update(error)) => self.set_aside(&place, &error.to_string())?,
                    Err(Failure::Waiting(update)) => drop(self.rejected.insert(update)),
                }
                // A part of it may have been applied.
                continue 'again;
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
    fn fold(&mut self) -> Result<(), StoreError> {
        // Both at once would take twice the memory.
        let was_loaded = self.loaded.take().is_some();
        let (mut loaded, end) = self.read()?;
        let snapshot = loaded.snapshot();
        // What waits is in no snapshot. Stored twice it does no harm, so it comes first.
        let waiting: Vec<_> = loaded.waiting().collect();
        if !waiting.is_empty() {
            self.log.append_all(&waiting)?;
        }
        self.log.fold(end, &snapshot)?;
        if was_loaded {
            // What is deleted weighs nothing any longer.
            loaded.heap = update::check(&snapshot).map_or(loaded.heap, |facts| facts.heap_if_cut());
            self.loaded = Some(loaded);
        }
        Ok(())
    }

    /// What waits, as one update: apart from the rest, as to join it with much would take the memory of the document once
    /// more.
    fn waiting(&mut self, now: Millis) -> Result<Option<Vec<u8>>, StoreError> {
        let waiting: Vec<_> = self.load(now)?.waiting().collect();
        if waiting.is_empty() { Ok(None) } else { merge(&waiting).map(Some) }
    }

    fn stored_bytes(&mut self) -> Result<usize, StoreError> {
        let weight = self.log.weight()?;
        Ok(usize::try_from(weight.snapshot + weight.log).unwrap_or(usize::MAX))
    }

    /// Whether the document has room for an update, beside `more` bytes that are not stored yet.
    fn weigh(&mut self, now: Millis, update: &Admitted, more: usize) -> Result<Result<(), StoreError>, StoreError> {
        let size = self.stored_bytes()? + more + update.bytes.len();
        let heap = self.load(now)?.heap + update.heap;
        Ok(if size > self.limit {
            Err(StoreError::TooBig { size, limit: self.limit })
        } else if heap > MAX_HEAP {
            Err(StoreError::TooHeavy { size: heap, limit: MAX_HEAP })
        } else {
            Ok(())
        })
    }

    /// Whether an update still fits, if need be when the log is folded.
    fn fits(&mut self, now: Millis, update: &Admitted, more: usize) -> Result<Result<(), StoreError>, StoreError> {
        // What is stored may say things twice, or say what was deleted since; but not what is not stored yet.
        let fits = match self.weigh(now, update, more)? {
            Err(_) if more == 0 && self.log.weight()?.log > 0 => {
                self.fold()?;
                self.weigh(now, update, more)?
            }
            fits => fits,
        };
        Ok(fits.and_then(|()| self.load(now)?.deepen(update)))
    }

    /// Applies updates, up to one for which the log must be folded first.
    fn apply(&mut self, now: Millis, updates: &[&Admitted]) -> Result<News, StoreError> {
        let mut unfit = vec![None; updates.len()];
        'again: loop {
            let mut results = Vec::with_capacity(updates.len());
            let mut more = 0;
            for (index, update) in updates.iter().enumerate() {
                if let Some(error) = &unfit[index] {
                    results.push(Err(StoreError::clone(error)));
                    continue;
                }
                let update = match self.load(now)?.ease(update) {
                    Ok(update) => update,
                    Err(error) => {
                        results.push(Err(error));
                        continue;
                    }
                };
                match self.fits(now, &update, more)? {
                    Ok(()) => {}
                    Err(_) if more > 0 => return Ok(results),
                    Err(error) => {
                        results.push(Err(error));
                        continue;
                    }
                }
                match self.load(now)?.apply(&update) {
                    Ok(news) => {
                        more += news.as_ref().map_or(0, Vec::len);
                        results.push(Ok(news));
                    }
                    Err(failure) => {
                        // A part of it may have been applied.
                        self.loaded = None;
                        match failure {
                            Failure::Update(error) => unfit[index] = Some(error),
                            Failure::Waiting(update) => drop(self.rejected.insert(update)),
                        }
                        continue 'again;
                    }
                }
            }
            return Ok(results);
        }
    }
}

fn merge(updates: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
    yrs::merge_updates_v1(updates).map_err(|error| StoreError::Failed(error.to_string()))
}

/// What came out of storage, where it may have been damaged.
fn read_back(bytes: Vec<u8>) -> Result<Admitted, String> {
    let facts = update::check(&bytes).map_err(|error| error.to_string())?;
    Ok(admitted(bytes, facts))
}

fn admitted(bytes: Vec<u8>, facts: Facts) -> Admitted {
    Admitted { bytes, heap: facts.heap_if_cut(), types: facts.types, joining: facts.joining }
}

impl<S: Sql + 'static> Document for YrsDocument<S> {
    fn is_blank(&mut self) -> Result<bool, StoreError> {
        Ok(self.stored_bytes()? == 0)
    }

    fn is_empty(&mut self, now: Millis) -> Result<bool, StoreError> {
        Ok(self.load(now)?.is_empty())
    }

    fn usage(&mut self) -> Result<Usage, StoreError> {
        Ok(Usage { bytes: self.stored_bytes()?, rows_written: self.log.rows_written() })
    }

    fn state(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        Ok(self.load(now)?.snapshot())
    }

    fn admit(&self, update: Vec<u8>) -> Result<Option<Admitted>, Inadmissible> {
        match update::check(&update) {
            Ok(facts) => Ok((!facts.empty).then(|| admitted(update, facts))),
            Err(error) => Err(Inadmissible { reason: error.to_string(), is_malformed: error.is_malformed() }),
        }
    }

    fn merge<'a>(&self, updates: &[&'a [u8]], choices: &[Vec<usize>]) -> Result<Vec<Cow<'a, [u8]>>, StoreError> {
        if let [update] = updates {
            return Ok(vec![Cow::Borrowed(*update); choices.len()]);
        }
        let pieces = Pieces::new(updates).map_err(|error| StoreError::Failed(error.to_string()))?;
        let merge = |choice: &Vec<usize>| match choice[..] {
            [index] => Ok(Cow::Borrowed(updates[index])),
            _ => match pieces.merge(choice) {
                Some(merged) => Ok(Cow::Owned(merged)),
                None => merge(&choice.iter().map(|index| updates[*index]).collect::<Vec<_>>()).map(Cow::Owned),
            },
        };
        choices.iter().map(merge).collect()
    }

    fn store(&mut self, now: Millis, updates: &[&Admitted]) -> Result<News, StoreError> {
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

    fn keep(&mut self, now: Millis, update: Vec<u8>) -> Result<(), StoreError> {
        let update = read_back(update).map_err(StoreError::Failed)?;
        self.weigh(now, &update, 0)??;
        let loaded = self.load(now)?;
        loaded.deepen(&update)?;
        loaded.heap += update.heap;
        self.log.append(&update.bytes)?;
        Ok(())
    }

    fn is_news(&mut self, now: Millis, update: &Admitted) -> Result<bool, StoreError> {
        let loaded = self.load(now)?;
        let result = loaded.ease(update).map_err(Failure::from).and_then(|update| loaded.apply(&update));
        let is_news = !matches!(result, Ok(None));
        if is_news {
            self.loaded = None;
        }
        Ok(is_news)
    }

    fn whole(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        let loaded = self.load(now)?;
        let waiting: Vec<_> = loaded.waiting().map(<[u8]>::to_vec).collect();
        let state = loaded.snapshot();
        if waiting.is_empty() {
            return Ok(state);
        }
        // To merge takes the memory of the document once more.
        self.loaded = None;
        let updates: Vec<_> = std::iter::once(&state).chain(&waiting).map(Vec::as_slice).collect();
        merge(&updates)
    }

    fn missed(&mut self, now: Millis, update: &Admitted, shown: Option<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut missed = Vec::new();
        if shown != Some(self.mark(now)?) {
            let known = update::state(&update.bytes).map_err(|_| StoreError::Unfit)?;
            missed.push(self.load(now)?.since(&known));
        }
        missed.extend(self.waiting(now)?);
        Ok(missed)
    }

    fn vector(&mut self, now: Millis) -> Result<Vec<u8>, StoreError> {
        Ok(update::write_vector(self.load(now)?.known()))
    }

    fn since(&mut self, now: Millis, vector: &[u8]) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let loaded = self.load(now)?;
        let Ok(vector) = update::read_vector(vector, loaded.known()) else { return Ok(None) };
        let mut lacking = vec![loaded.since(&vector)];
        lacking.extend(self.waiting(now)?);
        Ok(Some(lacking))
    }

    fn mark(&mut self, now: Millis) -> Result<u64, StoreError> {
        let loaded = self.load(now)?;
        let transaction = loaded.doc().transact();
        let known = transaction.state_vector();
        let mut hasher = DefaultHasher::new();
        // What is deleted, as all else is known.
        transaction.encode_state_as_update_v1(&known).hash(&mut hasher);
        loaded.waiting().for_each(|update| update.hash(&mut hasher));
        // The order of clients in a state vector is none.
        let mut known: Vec<_> = known.iter().collect();
        known.sort_unstable();
        known.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn tidy(&mut self, now: Millis) -> Result<Vec<String>, StoreError> {
        if self.log.weight()?.needs_fold() {
            self.fold()?;
        }
        if now.saturating_sub(self.used) > KEEP {
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
        self.rejected.clear();
        Ok(self.log.clear()?)
    }

    fn doc(&mut self, now: Millis) -> Result<&dyn Any, StoreError> {
        let doc: &dyn Any = self.load(now)?.doc_mut();
        Ok(doc)
    }

    fn forget(&mut self) {
        self.loaded = None;
    }
}
