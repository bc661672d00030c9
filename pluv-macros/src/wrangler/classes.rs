//! The life of a class: what `migrations` make of it, step by step, or what `exports` say that it is.

use std::collections::BTreeMap;

use super::{
    configuration::{Export, Migration},
    fix::{Entry, Fix, text, texts},
};

/// What is wrong with a class, and the change that makes it right; `None` for one whose objects have `SQLite`.
pub(super) type Verdict = Option<(String, Fix)>;

/// What a migration made of a class.
#[derive(Clone, Copy)]
enum Class<'a> {
    /// Its objects have `SQLite`, or are another worker's, or older than the first migration: who knows what they have.
    Fit,
    /// Made so under a name that it may not have any more.
    WithoutSqlite(&'a Migration, &'a str),
    Deleted(&'a Migration),
    Renamed(&'a Migration, &'a str),
}

/// Judges a class by the migrations at `path`.
pub(super) fn by_migrations(class: &str, migrations: &[Migration], path: Vec<String>) -> Verdict {
    let problem = match replay(migrations).get(class) {
        Some(Class::Fit) => return None,
        Some(Class::WithoutSqlite(migration, made)) => return Some(without_sqlite(class, migration, made)),
        None => format!("no migration makes the class `{class}`"),
        Some(Class::Deleted(migration)) => format!("the migration `{}` deletes the class `{class}`", migration.tag),
        Some(Class::Renamed(migration, to)) => {
            format!("the migration `{}` renames the class `{class}` to `{to}`", migration.tag)
        }
    };
    let is_free = |tag: &String| migrations.iter().all(|migration| migration.tag != *tag);
    let tag = (migrations.len() + 1..).map(|number| format!("v{number}")).find(is_free).unwrap_or_default();
    Some((problem, Fix::Push(path, vec![text("tag", &tag), texts("new_sqlite_classes", &[class])])))
}

fn replay(migrations: &[Migration]) -> BTreeMap<&str, Class<'_>> {
    let mut classes = BTreeMap::new();
    for migration in migrations {
        for class in &migration.deleted {
            classes.insert(class.as_str(), Class::Deleted(migration));
        }
        for (from, to) in &migration.renamed {
            let class = match classes.insert(from, Class::Renamed(migration, to)) {
                Some(class @ (Class::Fit | Class::WithoutSqlite(..))) => class,
                _ => Class::Fit,
            };
            classes.insert(to, class);
        }
        for class in &migration.transferred {
            classes.insert(class, Class::Fit);
        }
        for class in &migration.new {
            classes.insert(class, Class::WithoutSqlite(migration, class));
        }
        for class in &migration.new_sqlite {
            classes.insert(class, Class::Fit);
        }
    }
    classes
}

/// A class that a migration made, under the name `made`, with the old kind of storage.
fn without_sqlite(class: &str, migration: &Migration, made: &str) -> (String, Fix) {
    let lists = |new: &[String], sqlite: &[String]| {
        let list = |key, classes: &[String]| (!classes.is_empty()).then(|| texts(key, classes));
        [list("new_classes", new), list("new_sqlite_classes", sqlite)].into_iter().flatten().collect::<Vec<Entry>>()
    };
    let (moved, rest): (Vec<_>, Vec<_>) = migration.new.iter().cloned().partition(|name| name == made);
    let sqlite = [migration.new_sqlite.clone(), moved].concat();
    let problem = format!(
        "`new_classes` of the migration `{}` makes the class `{class}` without SQLite, in which a room stores all it has \
         (a class that is deployed stays as it is: then the room needs another name)",
        migration.tag
    );
    (problem, Fix::Replace(lists(&migration.new, &migration.new_sqlite), lists(&rest, &sqlite)))
}

/// Judges a class by the exports at `path`.
pub(super) fn by_exports(class: &str, exports: &BTreeMap<String, Export>, mut path: Vec<String>) -> Verdict {
    let (object, sqlite) = (text("type", "durable-object"), text("storage", "sqlite"));
    let Some(export) = exports.get(class) else {
        path.push(class.to_owned());
        return Some((format!("`exports` has no class `{class}`"), Fix::Set(path, vec![object, sqlite])));
    };
    let Some(kind) = &export.kind else {
        path.push(class.to_owned());
        let missing = if export.storage.is_some() { vec![object] } else { vec![object, sqlite] };
        return Some((format!("`exports` gives the class `{class}` no type"), Fix::Set(path, missing)));
    };
    if !export.is_object() {
        let problem = format!("`exports` gives `{class}` the type `{kind}`, and a room is a `durable-object`");
        return Some((problem, Fix::Replace(vec![text("type", kind)], vec![object, sqlite])));
    }
    if let Some(state @ ("deleted" | "renamed" | "transferred")) = export.state.as_deref() {
        let mut old = vec![text("state", state)];
        old.extend(export.renamed_to.iter().map(|to| text("renamed_to", to)));
        old.extend(export.transferred_to.iter().map(|to| text("transferred_to", to)));
        let problem = format!("`exports` says that the class `{class}` was {state}");
        return Some((problem, Fix::Replace(old, vec![sqlite])));
    }
    match export.storage.as_deref() {
        Some("sqlite") => None,
        Some(other) => {
            let problem = format!(
                "`exports` gives the class `{class}` the storage `{other}`, and a room stores in SQLite (a class that is \
                 deployed stays as it is: then the room needs another name)"
            );
            Some((problem, Fix::Replace(vec![text("storage", other)], vec![sqlite])))
        }
        None => {
            path.push(class.to_owned());
            Some((format!("`exports` gives the class `{class}` no storage"), Fix::Set(path, vec![sqlite])))
        }
    }
}

impl Export {
    /// Whether it is a class of Durable Objects.
    pub(super) fn is_object(&self) -> bool {
        self.kind.as_deref() == Some("durable-object")
    }
}
