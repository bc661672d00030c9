//! The durable state of a room: a value of the room's own type that is private to it, and one that all clients see.

use std::{any::Any, collections::BTreeMap, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    definition::Definition,
    migrations::{Migration, migrate},
};
use crate::{
    error::Error,
    sql::{Database, SqlError, Value, from_row},
};

/// The bytes that a state may have as JSON: half of what the platform allows in a row, so that it never fails there.
const MAX_BYTES: usize = 1_000_000;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pluv_state (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL)";

/// The rows.
const STATE: i64 = 0;
const SHARED: i64 = 1;

/// The functions of the room's state type, so that the engine is compiled once and not once for each room.
#[derive(Clone, Copy, Debug)]
pub struct StateType {
    default: fn() -> Rc<dyn Any>,
    read: fn(&str) -> Result<Rc<dyn Any>, String>,
    write: fn(&dyn Any) -> Result<String, String>,
    /// Converts what does not read as the type any more.
    migrate: fn(serde_json::Value) -> MigratedState,
}

/// The result of the hook `migrate_state`; none in a room without it.
pub type MigratedState = Option<Result<Rc<dyn Any>, Error>>;

impl StateType {
    /// The functions of `T`.
    #[must_use]
    pub const fn of<T: Serialize + DeserializeOwned + Default + 'static>() -> Self {
        Self {
            default: || Rc::new(T::default()),
            read: |json| {
                let mut reader = serde_json::Deserializer::from_str(json);
                let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
                Ok(Rc::new(value))
            },
            write: |value| match value.downcast_ref::<T>() {
                Some(value) => serde_json::to_string(value).map_err(|error| error.to_string()),
                None => Err("it is of another type".to_owned()),
            },
            migrate: |_| None,
        }
    }

    /// With the room's hook `migrate_state`.
    pub(crate) fn migrated_by(self, migrate: fn(serde_json::Value) -> MigratedState) -> Self {
        Self { migrate, ..self }
    }

    /// Reads a stored state. Returns whether it had to be migrated.
    fn read_or_migrate(&self, json: &str) -> Result<(Rc<dyn Any>, bool), Error> {
        let reason = match (self.read)(json) {
            Ok(value) => return Ok((value, false)),
            Err(reason) => reason,
        };
        match serde_json::from_str(json).ok().and_then(self.migrate) {
            Some(Ok(value)) => Ok((value, true)),
            Some(Err(error)) => {
                Err(Error::internal(format!("`migrate_state` failed on a stored state ({reason}): {error}")))
            }
            None => Err(Error::internal(format!(
                "the stored state is not of the room's `state` type any more, and there is no hook `migrate_state`: {reason}"
            ))),
        }
    }
}

/// The states of a room as they are stored, and the migrations of its tables.
#[derive(Debug)]
pub(super) struct RoomState {
    state: StoredValue,
    shared: StoredValue,
    uses_sql: bool,
    migrations: &'static [Migration],
    pub(super) database: Database,
    /// Whether the migrations were applied since the room woke.
    is_migrated: bool,
}

/// A value of the room's own type in one row.
#[derive(Debug)]
struct StoredValue {
    row: i64,
    kind: Option<StateType>,
    loaded: Option<Loaded>,
    /// The value before a transaction that has not ended.
    previous: Option<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    value: Rc<dyn Any>,
    json: Rc<str>,
    /// Counts the changes; 0 is the default of the type, which has no row.
    version: u64,
}

impl RoomState {
    pub(super) fn new(definition: &Definition, database: Database) -> Self {
        let Definition { state, shared, uses_sql, migrations, .. } = *definition;
        let value = |row, kind| StoredValue { row, kind, loaded: None, previous: None };
        Self {
            state: value(STATE, state),
            shared: value(SHARED, shared),
            uses_sql,
            migrations,
            database,
            is_migrated: false,
        }
    }

    /// Applies the migrations and reads the states, once.
    ///
    /// # Errors
    /// When the database fails, a migration can't be applied, or a row is no state and can't be migrated: then it stays.
    pub(super) fn load(&mut self) -> Result<(), Error> {
        if !self.is_migrated {
            migrate(self.migrations, &self.database)?;
            self.is_migrated = true;
        }
        self.state.load(&self.database)?;
        self.shared.load(&self.database)
    }

    /// The private state, in a room that has one, once it is loaded.
    pub(super) fn get(&self) -> Option<Rc<dyn Any>> {
        self.state.get()
    }

    /// The state that clients see, in a room that has one, once it is loaded.
    pub(super) fn shared(&self) -> Option<Rc<dyn Any>> {
        self.shared.get()
    }

    /// Replaces the private state, in a transaction; the row is written only if it changes.
    ///
    /// # Errors
    /// When the state can't be written as JSON or is too large, or the database fails.
    pub(super) fn store(&mut self, value: Rc<dyn Any>) -> Result<(), Error> {
        self.state.store(value, &self.database).map(drop)
    }

    /// Replaces the state that clients see, as [`store`](Self::store) does. Returns what tells them, if it changed.
    ///
    /// # Errors
    /// As for [`store`](Self::store), and when it is not written as an object.
    pub(super) fn store_shared(&mut self, value: Rc<dyn Any>) -> Result<Option<String>, Error> {
        let Some(before) = self.shared.store(value, &self.database)? else { return Ok(None) };
        let Some(now) = &self.shared.loaded else { return Ok(None) };
        let (before, after) = (fields(&before)?, fields(&now.json)?);
        let changed: BTreeMap<_, _> = after
            .iter()
            .filter(|(name, value)| before.get(*name).map(|value| value.get()) != Some(value.get()))
            .collect();
        let removed: Vec<_> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        let message = SharedMessage { version: now.version, whole: false, fields: &changed, removed };
        Ok(Some(serde_json::to_string(&message)?))
    }

    /// Returns the message with the whole state that clients see, in a room that has one.
    ///
    /// # Errors
    /// As for [`load`](Self::load), and when it is not written as an object.
    pub(super) fn whole_shared(&mut self) -> Result<Option<String>, Error> {
        if self.shared.kind.is_none() {
            return Ok(None);
        }
        self.load()?;
        let Some(Loaded { json, version, .. }) = &self.shared.loaded else { return Ok(None) };
        let fields = fields(json)?;
        let message = SharedMessage { version: *version, whole: true, fields: &fields, removed: Vec::new() };
        Ok(Some(serde_json::to_string(&message)?))
    }

    /// Deletes the states, the key-value store, tasks and all rows of the room's own tables, in a transaction. The tables stay, as
    /// one can't be dropped while any cursor of the room is open.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn clear(&mut self) -> Result<(), SqlError> {
        if !self.uses_sql {
            return Ok(());
        }
        (self.state.loaded, self.shared.loaded) = (None, None);
        let database = self.database.clone();
        database.transaction(|| {
            database.exec("PRAGMA defer_foreign_keys = ON", Vec::new())?;
            for row in database.exec("PRAGMA table_list", Vec::new())? {
                let [Value::Text(schema), Value::Text(table), Value::Text(kind), ..] = &row[..] else { continue };
                let is_of_others = ["sqlite_", "_cf_", "pluv_"].iter().any(|prefix| table.starts_with(prefix));
                let is_ours = matches!(table.as_str(), "pluv_state" | "pluv_kv" | "pluv_task");
                // The tables behind a virtual one are its own business.
                if schema == "main" && matches!(kind.as_str(), "table" | "virtual") && (is_ours || !is_of_others) {
                    database.exec(&format!("DELETE FROM \"{}\"", table.replace('"', "\"\"")), Vec::new())?;
                }
            }
            Ok(())
        })
    }

    /// The transaction of a handler has ended. Returns whether what clients see was changed though the commit failed.
    pub(super) fn end_transaction(&mut self, is_committed: bool) -> bool {
        self.state.end_transaction(is_committed, &self.database);
        self.shared.end_transaction(is_committed, &self.database)
    }
}

impl StoredValue {
    fn get(&self) -> Option<Rc<dyn Any>> {
        self.loaded.as_ref().map(|loaded| Rc::clone(&loaded.value))
    }

    fn load(&mut self, database: &Database) -> Result<(), Error> {
        let Some(kind) = self.kind.filter(|_| self.loaded.is_none()) else { return Ok(()) };
        let Some((json, version)) = self.read(database)? else {
            let value = (kind.default)();
            let json = write(kind, &*value)?.into();
            self.loaded = Some(Loaded { value, json, version: 0 });
            return Ok(());
        };
        let (value, is_migrated) = kind.read_or_migrate(&json)?;
        self.loaded = Some(Loaded { value: Rc::clone(&value), json: json.into(), version });
        if is_migrated {
            let stored = database.transaction(|| self.store(value, database));
            self.end_transaction(stored.is_ok(), database);
            stored.inspect_err(|_| self.loaded = None)?;
        }
        Ok(())
    }

    /// Replaces the value, in a transaction. If that changes it, the JSON before is returned.
    fn store(&mut self, value: Rc<dyn Any>, database: &Database) -> Result<Option<Rc<str>>, Error> {
        let Some(kind) = self.kind else { return Ok(None) };
        let json: Rc<str> = write(kind, &*value)?.into();
        let Some(Loaded { version, json: before, .. }) = &self.loaded else { return Ok(None) };
        if *before == json {
            return Ok(None);
        }
        let version = version + 1;
        if version == 1 {
            database.exec(TABLE, Vec::new())?;
        }
        let row = vec![self.row.into(), version.into(), (*json).into()];
        database.exec("INSERT OR REPLACE INTO pluv_state (id, version, value) VALUES (?, ?, ?)", row)?;
        let previous = self.loaded.replace(Loaded { value, json, version });
        let before = previous.as_ref().map(|previous| Rc::clone(&previous.json));
        self.previous = self.previous.take().or(previous);
        Ok(before)
    }

    /// Ends a transaction. Returns whether the value was stored though the commit failed.
    fn end_transaction(&mut self, is_committed: bool, database: &Database) -> bool {
        let Some(previous) = self.previous.take().filter(|_| !is_committed) else { return false };
        // It is read again, as a commit may have failed for its answer alone.
        self.loaded = None;
        match self.load(database) {
            Ok(()) => self.loaded.as_ref().is_some_and(|loaded| loaded.version != previous.version),
            Err(_) => {
                self.loaded = Some(previous);
                false
            }
        }
    }

    fn read(&self, database: &Database) -> Result<Option<(String, u64)>, SqlError> {
        if !database.has_table("pluv_state")? {
            return Ok(None);
        }
        let mut rows = database.query("SELECT value, version FROM pluv_state WHERE id = ?", vec![self.row.into()])?;
        let values = rows.next()?;
        Ok(values.map(|values| from_row(rows.columns(), values)).transpose()?)
    }
}

/// A message about the state that clients see: the whole of it, or the fields that have changed.
#[derive(Serialize)]
struct SharedMessage<'a, F> {
    version: u64,
    whole: bool,
    fields: &'a F,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    removed: Vec<&'a String>,
}

fn write(kind: StateType, value: &dyn Any) -> Result<String, Error> {
    let json =
        (kind.write)(value).map_err(|error| Error::internal(format!("the state can't be written as JSON: {error}")))?;
    if json.len() > MAX_BYTES {
        let length = json.len();
        return Err(Error::internal(format!("the state takes {length} bytes as JSON: the limit is {MAX_BYTES}")));
    }
    Ok(json)
}

/// The fields of a state that clients see.
fn fields(json: &str) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
    serde_json::from_str(json).map_err(|_| {
        Error::internal("the `shared` type is not written as an object: make it a struct with named fields")
    })
}
