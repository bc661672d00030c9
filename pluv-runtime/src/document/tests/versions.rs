use crate::{
    document::{
        log::Log,
        tables::{MIGRATIONS, Schema},
    },
    testing::Database,
};

/// The tables of today, then two changes to come.
const LATER: &[&[&str]] = &[
    MIGRATIONS[0],
    &["CREATE TABLE later (id INTEGER PRIMARY KEY)", "INSERT INTO later VALUES (1)"],
    &["ALTER TABLE later ADD COLUMN more", "UPDATE later SET more = id + 1"],
];

fn version(host: &Database) -> i64 {
    host.number("SELECT value FROM pluv_meta WHERE key = 'schema'")
}

#[test]
fn a_room_without_tables_gets_those_of_the_last_version() {
    let host = Database::new();
    Log::with_migrations(host.clone(), LATER).append(b"one").unwrap();
    assert_eq!((version(&host), host.number("SELECT more FROM later")), (3, 2));
}

#[test]
fn an_older_version_is_migrated_before_it_is_read() {
    for from in 1..LATER.len() {
        let host = Database::new();
        Log::with_migrations(host.clone(), &LATER[..from]).append(b"one").unwrap();
        assert_eq!(version(&host), from as i64);
        let stored = Log::with_migrations(host.clone(), LATER).read().unwrap();
        assert_eq!(stored.entries[0].data, b"one");
        assert_eq!((version(&host), host.number("SELECT more FROM later")), (3, 2));
    }
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let host = Database::new();
    Log::with_migrations(host.clone(), LATER).append(b"one").unwrap();
    let before = host.dump();
    let mut log = Log::new(host.clone());
    for error in [
        log.append(b"two").unwrap_err(),
        log.read().unwrap_err(),
        log.size().unwrap_err(),
        log.compact(0, b"snapshot").unwrap_err(),
        log.clear().unwrap_err(),
    ] {
        assert!(error.to_string().contains("written by a newer version"), "{error}");
    }
    assert!(host.dump() == before);
}

#[test]
fn a_migration_that_fails_leaves_the_older_version() {
    const BROKEN: &[&[&str]] = &[MIGRATIONS[0], &["CREATE TABLE later (id)", "INSERT INTO nowhere VALUES (1)"]];
    let host = Database::new();
    Log::new(host.clone()).append(b"one").unwrap();
    let before = host.dump();
    let mut schema = Schema::new(BROKEN);
    assert!(schema.exists(&host.clone().into()).is_err());
    assert!(schema.create(&host.clone().into()).is_err());
    assert!(host.dump() == before);
    assert_eq!(Log::new(host).read().unwrap().entries.len(), 1);
}

#[test]
fn a_version_that_makes_no_sense_is_an_error() {
    let host = Database::new();
    Log::new(host.clone()).append(b"one").unwrap();
    for value in ["'one'", "-1", "NULL", "x'01'"] {
        host.run(&format!("UPDATE pluv_meta SET value = {value}"));
        assert!(Log::new(host.clone()).read().unwrap_err().to_string().contains("can't be read"), "{value}");
    }
}
