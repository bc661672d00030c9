//! The migrations of a room's own tables: each applied once, in order, before the first handler.

use sha2::{Digest as _, Sha256};

use crate::{
    error::Error,
    sql::{Database, Value, check_names},
};

/// A file of statements, by its path.
pub(crate) type Migration = (&'static str, &'static str);

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pluv_migrations (position INTEGER PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL)";

/// Applies the migrations that the database lacks. One that fails leaves nothing of itself.
///
/// # Errors
/// Which migration failed, or was changed after it had been applied; or that the database is ahead of the code.
pub(super) fn migrate(migrations: &[Migration], database: &Database) -> Result<(), Error> {
    if migrations.is_empty() {
        return Ok(());
    }
    database.exec(TABLE, Vec::new())?;
    let applied = database.exec("SELECT name, hash FROM pluv_migrations ORDER BY position", Vec::new())?;
    if let Some(row) = applied.get(migrations.len()) {
        let name = match row.first() {
            Some(Value::Text(name)) => name,
            _ => "",
        };
        return Err(Error::internal(format!(
            "the room's tables are ahead of this code: the migration `{name}` was applied to them, and `migrations` has only {}",
            migrations.len()
        )));
    }
    for (position, (name, statements)) in migrations.iter().enumerate() {
        let hash = Sha256::digest(statements).to_vec();
        match applied.get(position).map(|row| row.get(1)) {
            Some(stored) if stored == Some(&Value::Blob(hash.clone())) => {}
            Some(_) => {
                return Err(Error::internal(format!(
                    "the migration `{name}` was changed after it had been applied: restore it, and add another one"
                )));
            }
            None => database
                .transaction(|| {
                    check_names(statements)?;
                    database.exec(statements, Vec::new())?;
                    let row = vec![(position as i64).into(), (*name).into(), hash.into()];
                    database.exec("INSERT INTO pluv_migrations (position, name, hash) VALUES (?, ?, ?)", row)?;
                    Ok(())
                })
                .map_err(|error: Error| Error::internal(format!("the migration `{name}` failed: {error}")))?,
        }
    }
    Ok(())
}
