//! The durable state of a room: one value of the room's own type, in one row.

use std::{any::Any, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    definition::Definition,
    migrations::{Migration, migrate},
};
use crate::{
    error::Error,
    sql::{Database, SqlError, Value},
};

/// The bytes that a state may have as JSON: half of what the platform allows in a row, so that it never fails there.
const MAX_BYTES: usize = 1_000_000;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS pluv_state (id INTEGER PRIMARY KEY, value TEXT NOT NULL)";

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

/// The state of a room as it is stored, and the migrations of its tables.
#[derive(Debug)]
pub(super) struct RoomState {
    kind: Option<StateType>,
    uses_sql: bool,
    migrations: &'static [Migration],
    pub(super) database: Database,
    /// Whether the migrations were applied since the room woke.
    is_migrated: bool,
    loaded: Option<Loaded>,
    /// The state before a transaction that has not ended.
    previous: Option<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    value: Rc<dyn Any>,
    /// The row; none before the first change.
    json: Option<String>,
}

impl RoomState {
    pub(super) fn new(definition: &Definition, database: Database) -> Self {
        let Definition { state: kind, uses_sql, migrations, .. } = *definition;
        Self { kind, uses_sql, migrations, database, is_migrated: false, loaded: None, previous: None }
    }

    /// Applies the migrations and reads the state, once.
    ///
    /// # Errors
    /// When the database fails, a migration can't be applied, or the row is no state and can't be migrated: then it stays.
    pub(super) fn load(&mut self) -> Result<(), Error> {
        if !self.is_migrated {
            migrate(self.migrations, &self.database)?;
            self.is_migrated = true;
        }
        let Some(kind) = self.kind.filter(|_| self.loaded.is_none()) else { return Ok(()) };
        let Some(json) = read(&self.database)? else {
            self.loaded = Some(Loaded { value: (kind.default)(), json: None });
            return Ok(());
        };
        let (value, is_migrated) = kind.read_or_migrate(&json)?;
        self.loaded = Some(Loaded { value: Rc::clone(&value), json: Some(json) });
        if is_migrated {
            let stored = self.database.clone().transaction(|| self.store(value));
            self.end_transaction(stored.is_ok());
            return stored.inspect_err(|_| self.loaded = None);
        }
        Ok(())
    }

    /// The state, in a room that has one, once it is loaded.
    pub(super) fn get(&self) -> Option<Rc<dyn Any>> {
        self.loaded.as_ref().map(|loaded| Rc::clone(&loaded.value))
    }

    /// Replaces the state, in a transaction; the row is written only if it changes.
    ///
    /// # Errors
    /// When the state can't be written as JSON or is too large, or the database fails.
    pub(super) fn store(&mut self, value: Rc<dyn Any>) -> Result<(), Error> {
        let Some(kind) = self.kind else { return Ok(()) };
        let json = (kind.write)(&*value)
            .map_err(|error| Error::internal(format!("the state can't be written as JSON: {error}")))?;
        if json.len() > MAX_BYTES {
            let length = json.len();
            return Err(Error::internal(format!("the state takes {length} bytes as JSON: the limit is {MAX_BYTES}")));
        }
        if self.loaded.as_ref().is_none_or(|loaded| loaded.json.as_ref() != Some(&json)) {
            self.database.exec(TABLE, Vec::new())?;
            let row = vec![json.as_str().into()];
            self.database.exec("INSERT OR REPLACE INTO pluv_state (id, value) VALUES (0, ?)", row)?;
        }
        let previous = self.loaded.replace(Loaded { value, json: Some(json) });
        self.previous = self.previous.take().or(previous);
        Ok(())
    }

    /// Deletes the state, the key-value store and all rows of the room's own tables, in a transaction. The tables stay, as
    /// one can't be dropped while any cursor of the room is open.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn clear(&mut self) -> Result<(), SqlError> {
        if !self.uses_sql {
            return Ok(());
        }
        self.loaded = None;
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

    /// The transaction of a handler has ended.
    pub(super) fn end_transaction(&mut self, is_committed: bool) {
        let previous = self.previous.take();
        if !is_committed && previous.is_some() {
            self.loaded = previous;
        }
    }
}

fn read(database: &Database) -> Result<Option<String>, SqlError> {
    if database.exec("SELECT 1 FROM sqlite_master WHERE name = 'pluv_state'", Vec::new())?.is_empty() {
        return Ok(None);
    }
    let row = database.exec("SELECT value FROM pluv_state WHERE id = 0", Vec::new())?.into_iter().flatten().next();
    Ok(row.and_then(|value| match value {
        Value::Text(json) => Some(json),
        _ => None,
    }))
}
