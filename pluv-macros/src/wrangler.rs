//! Wrangler's configuration, checked against a room: its class is bound and has SQLite, and the crate is built.
//!
//! The file is the one beside the crate's `Cargo.toml`. Wrangler's rules (its function `normalizeAndValidateEnvironment`):
//! a named environment inherits `main`, `build`, `migrations` and `exports`, but not `durable_objects`.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use jsonc_parser::{ParseOptions, errors::ParseError, parse_to_serde_value};
use serde::Deserialize;
use serde_json::{Value, json};
use syn::ext::IdentExt as _;

use crate::{errors::Errors, model::Definition, names::is_binding};

/// The files that wrangler looks for, in its order. It takes comments and trailing commas in both files of JSON.
const NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];
/// The command that builds a worker; the version of its tool is that of the crate `worker`.
const BUILD: &str = "cargo install -q worker-build@0.8.7 && worker-build --release";
/// The file that the command makes.
const MAIN: &str = "build/index.js";
const OFF: &str = "turn this check off with `wrangler = false`";

/// Whether a room of this crate was checked: mistakes of the whole file are reported at the first.
static IS_CHECKED: AtomicBool = AtomicBool::new(false);

/// Checks a room against the configuration beside its `Cargo.toml`, and returns the name of that file, if there is one.
pub(crate) fn check(definition: &Definition, errors: &mut Errors) -> Option<&'static str> {
    let can_be_bound = definition.is_room() && is_binding(&definition.binding.value());
    // Only a crate that Cargo was told to build becomes a worker: no dependency, no code in documentation, no program, and
    // no test or benchmark, which alone have a directory of their own.
    let is_worker = env::var_os("CARGO_PRIMARY_PACKAGE").is_some()
        && env::var_os("CARGO_BIN_NAME").is_none()
        && env::var_os("CARGO_TARGET_TMPDIR").is_none();
    if !definition.options.wrangler || !can_be_bound || !is_worker {
        return None;
    }
    let directory = env::var_os("CARGO_MANIFEST_DIR")?;
    let (name, text) = find(directory.as_ref())?;
    let is_first = !IS_CHECKED.swap(true, Ordering::Relaxed);
    let item = &definition.item.ident;
    let room = Room { class: item.unraw().to_string(), binding: definition.binding.value() };
    match File::parse(name, &text).and_then(|file| Ok((file.configuration()?, file))) {
        Err(reason) if is_first => errors.at(item, format!("`{name}` {reason}; correct that, or {OFF}")),
        Err(_) => {}
        Ok((configuration, file)) => {
            let mut problems = problems(&configuration, &room);
            problems.retain(|problem| is_first || problem.place != Place::Worker);
            let is_at_option = |problem: &Problem| problem.place == Place::Binding && definition.has_binding;
            let (at_option, at_room): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_at_option);
            if !at_room.is_empty() {
                errors.at(item, file.report(&at_room));
            }
            if !at_option.is_empty() {
                errors.at(&definition.binding, file.report(&at_option));
            }
        }
    }
    Some(name)
}

fn find(directory: &Path) -> Option<(&'static str, Vec<u8>)> {
    NAMES.into_iter().find_map(|name| Some((name, fs::read(directory.join(name)).ok()?)))
}

/// A room's place in a configuration.
struct Room {
    class: String,
    binding: String,
}

/// The top level of a configuration, or a named environment. A key that is not there is `None`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Scope {
    name: Option<String>,
    main: Option<String>,
    build: Option<Build>,
    durable_objects: Option<DurableObjects>,
    migrations: Option<Vec<Migration>>,
    /// The life of classes in place of migrations; each entry has keys of its type.
    exports: Option<BTreeMap<String, BTreeMap<String, Value>>>,
    env: BTreeMap<String, Scope>,
    pages_build_output_dir: Option<Value>,
}

#[derive(Deserialize)]
struct Build {
    command: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DurableObjects {
    bindings: Vec<Binding>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Binding {
    name: String,
    class_name: String,
    script_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Migration {
    tag: String,
    new_classes: Vec<String>,
    new_sqlite_classes: Vec<String>,
    deleted_classes: Vec<String>,
    renamed_classes: Vec<Renamed>,
    transferred_classes: Vec<Renamed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Renamed {
    from: String,
    to: String,
}

/// The part of the room that a problem is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Binding,
    Room,
    /// All rooms of the worker: it is reported at the first.
    Worker,
}

/// A reason why a worker that is deployed by the configuration has no such room.
#[derive(Debug, PartialEq)]
struct Problem {
    place: Place,
    text: String,
    edit: Edit,
}

/// A change to the file.
#[derive(Debug, PartialEq)]
enum Edit {
    /// One more table in the list at a path.
    Push(Vec<String>, Entries),
    /// Entries in the table at a path.
    Set(Vec<String>, Entries),
    /// Entries that are there, and the entries in place of them.
    Replace(Entries, Entries),
}

type Entries = Vec<(&'static str, Value)>;

fn problems(top: &Scope, room: &Room) -> Vec<Problem> {
    // No class of Durable Objects can be in a project of Pages.
    if top.pages_build_output_dir.is_some() {
        return Vec::new();
    }
    let scopes = deployed(top);
    let mut problems = Vec::new();
    let has_command = |scope: &Scope| scope.build.as_ref().is_some_and(|build| build.command.is_some());
    if scopes.iter().any(|(_, scope)| scope.main.is_none() && top.main.is_none()) {
        let edit = Edit::Set(Vec::new(), vec![("main", json!(MAIN))]);
        problems.push(Problem { place: Place::Worker, text: "`main` is missing".to_owned(), edit });
    }
    if scopes.iter().any(|(_, scope)| !has_command(scope) && !has_command(top)) {
        let edit = Edit::Set(vec!["build".to_owned()], vec![("command", json!(BUILD))]);
        problems.push(Problem { place: Place::Worker, text: "the build command is missing".to_owned(), edit });
    }
    for (environment, scope) in scopes {
        let is_here = |binding: &Binding| {
            let own = || match environment {
                Some(name) => Some(format!("{}-{name}", top.name.as_ref()?)),
                None => None,
            };
            binding.script_name.is_none() || binding.script_name == scope.name.clone().or_else(own)
        };
        let bindings = scope.durable_objects.as_ref().map_or(&[][..], |objects| &objects.bindings);
        match bindings.iter().find(|binding| binding.name == room.binding) {
            // The class is another worker's.
            Some(binding) if !is_here(binding) => continue,
            binding => {
                let same_class = bindings.iter().find(|binding| binding.class_name == room.class && is_here(binding));
                problems.extend(unbound(environment, room, binding, same_class));
            }
        }
        // Environments inherit the life of classes, so that a problem is reported once.
        let problem = without_sqlite(environment, scope, top, &room.class);
        problems.extend(problem.filter(|problem| !problems.contains(problem)));
    }
    problems
}

/// The scopes that are deployed: the named environments, and the top level unless it has no binding and they have.
fn deployed(top: &Scope) -> Vec<(Option<&str>, &Scope)> {
    let mut scopes: Vec<_> = top.env.iter().map(|(name, scope)| (Some(name.as_str()), scope)).collect();
    if top.durable_objects.is_some() || scopes.iter().all(|(_, scope)| scope.durable_objects.is_none()) {
        scopes.insert(0, (None, top));
    }
    scopes
}

/// Keys from the root of the file, below those of an environment.
fn path(environment: Option<&str>, keys: &[&str]) -> Vec<String> {
    let outer = environment.map(|name| ["env", name]);
    outer.iter().flatten().chain(keys).map(|key| (*key).to_owned()).collect()
}

fn problem(environment: Option<&str>, place: Place, text: String, edit: Edit) -> Problem {
    let text = environment.map_or_else(|| text.clone(), |name| format!("in `env.{name}` {text}"));
    Problem { place, text, edit }
}

/// The binding of the room, unless it is right; `same_class` is the one of its class.
fn unbound(
    environment: Option<&str>,
    Room { class, binding }: &Room,
    found: Option<&Binding>,
    same_class: Option<&Binding>,
) -> Option<Problem> {
    let whole = || vec![("name", json!(binding)), ("class_name", json!(class))];
    let (place, text, edit) = match (found, same_class) {
        (Some(found), _) if found.class_name == *class => return None,
        (Some(found), _) if found.class_name.is_empty() => (
            Place::Binding,
            format!("the binding `{binding}` has no `class_name`, and this room is `{class}`"),
            Edit::Replace(vec![("name", json!(binding))], whole()),
        ),
        (Some(Binding { class_name, .. }), _) => (
            Place::Binding,
            format!("the binding `{binding}` is of the class `{class_name}`, and this room is `{class}`"),
            Edit::Replace(vec![("class_name", json!(class_name))], vec![("class_name", json!(class))]),
        ),
        (None, Some(Binding { name, .. })) => (
            Place::Binding,
            format!(
                "the class `{class}` is bound as `{name}`, and this room looks for `{binding}` unless it has \
                 `binding = \"{name}\"`"
            ),
            Edit::Replace(vec![("name", json!(name))], vec![("name", json!(binding))]),
        ),
        (None, None) => (
            Place::Room,
            format!("the class `{class}` is not bound, and this room looks for it as `{binding}`"),
            Edit::Push(path(environment, &["durable_objects", "bindings"]), whole()),
        ),
    };
    Some(problem(environment, place, text, edit))
}

/// The life of the class by `exports` where these have classes, and else by `migrations`, unless it has SQLite.
fn without_sqlite(environment: Option<&str>, scope: &Scope, top: &Scope, class: &str) -> Option<Problem> {
    let owner = |is_own: bool| environment.filter(|_| is_own);
    let exports = scope.exports.as_ref().or(top.exports.as_ref());
    let migrations = scope.migrations.as_deref().or(top.migrations.as_deref()).unwrap_or_default();
    let is_object = |export: &BTreeMap<String, Value>| export.get("type") == Some(&json!("durable-object"));
    let (owner, (text, edit)) = match exports {
        Some(exports) if migrations.is_empty() || exports.values().any(is_object) => {
            let owner = owner(scope.exports.is_some());
            (owner, by_exports(owner, exports, class)?)
        }
        _ => {
            let owner = owner(scope.migrations.is_some());
            (owner, by_migrations(owner, migrations, class)?)
        }
    };
    Some(problem(owner, Place::Room, text, edit))
}

fn by_exports(
    owner: Option<&str>,
    exports: &BTreeMap<String, BTreeMap<String, Value>>,
    class: &str,
) -> Option<(String, Edit)> {
    let wanted = [("type", json!("durable-object")), ("storage", json!("sqlite"))];
    let path = path(owner, &["exports", class]);
    let Some(export) = exports.get(class) else {
        return Some((format!("`exports` has no class `{class}`"), Edit::Set(path, wanted.to_vec())));
    };
    let dead = ["deleted", "renamed", "transferred"];
    let state = export.get("state").and_then(Value::as_str).filter(|state| dead.contains(state));
    let text = match state {
        Some(state) => format!("`exports` says that the class `{class}` was {state}"),
        None if export.get("type") != Some(&wanted[0].1) => {
            format!("`exports` does not give `{class}` the type `durable-object`, which a room has")
        }
        None if export.get("storage") != Some(&wanted[1].1) => format!(
            "`exports` does not give the class `{class}` SQLite, in which a room stores everything (a deployed class keeps \
             its storage: then the room needs another name)"
        ),
        None => return None,
    };
    let mut old: Entries = Vec::new();
    for key in ["state", "renamed_to", "transferred_to"].into_iter().filter(|_| state.is_some()) {
        old.extend(export.get(key).map(|value| (key, value.clone())));
    }
    let new: Entries = wanted.into_iter().filter(|(key, value)| export.get(*key) != Some(value)).collect();
    old.extend(new.iter().filter_map(|(key, _)| Some((*key, export.get(*key)?.clone()))));
    Some((text, if old.is_empty() { Edit::Set(path, new) } else { Edit::Replace(old, new) }))
}

/// The state of a class after a migration.
#[derive(Clone, Copy)]
enum Class<'a> {
    /// It has SQLite, or is another worker's or older than the first migration, so that its storage is not known.
    Usable,
    /// It was made without SQLite, under a name that it may not have any more.
    WithoutSqlite(&'a Migration, &'a str),
    Deleted(&'a Migration),
    Renamed(&'a Migration, &'a str),
}

fn by_migrations(owner: Option<&str>, migrations: &[Migration], class: &str) -> Option<(String, Edit)> {
    let text = match classes(migrations).get(class) {
        Some(Class::Usable) => return None,
        Some(Class::WithoutSqlite(migration, made)) => return Some(move_to_sqlite(class, migration, made)),
        None => format!("no migration makes the class `{class}`"),
        Some(Class::Deleted(migration)) => format!("the migration `{}` deletes the class `{class}`", migration.tag),
        Some(Class::Renamed(migration, to)) => {
            format!("the migration `{}` renames the class `{class}` to `{to}`", migration.tag)
        }
    };
    let is_free = |tag: &String| migrations.iter().all(|migration| migration.tag != *tag);
    let tag = (migrations.len() + 1..).map(|number| format!("v{number}")).find(is_free).unwrap_or_default();
    let entries = vec![("tag", json!(tag)), ("new_sqlite_classes", json!([class]))];
    Some((text, Edit::Push(path(owner, &["migrations"]), entries)))
}

fn classes(migrations: &[Migration]) -> BTreeMap<&str, Class<'_>> {
    let mut classes = BTreeMap::new();
    for migration in migrations {
        for class in &migration.deleted_classes {
            classes.insert(class.as_str(), Class::Deleted(migration));
        }
        for Renamed { from, to } in &migration.renamed_classes {
            let class = match classes.insert(from, Class::Renamed(migration, to)) {
                Some(class @ (Class::Usable | Class::WithoutSqlite(..))) => class,
                _ => Class::Usable,
            };
            classes.insert(to, class);
        }
        let made = migration.new_classes.iter().map(|class| (class, Class::WithoutSqlite(migration, class)));
        let transferred = migration.transferred_classes.iter().map(|class| (&class.to, Class::Usable));
        let with_sqlite = migration.new_sqlite_classes.iter().map(|class| (class, Class::Usable));
        classes.extend(transferred.chain(made).chain(with_sqlite).map(|(name, class)| (name.as_str(), class)));
    }
    classes
}

/// The edit of a migration that made a class, as `made`, without SQLite.
fn move_to_sqlite(class: &str, migration: &Migration, made: &str) -> (String, Edit) {
    let lists = |new: &[String], sqlite: &[String]| -> Entries {
        let lists = [("new_classes", new), ("new_sqlite_classes", sqlite)];
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))).collect()
    };
    let Migration { tag, new_classes, new_sqlite_classes, .. } = migration;
    let (moved, rest): (Vec<_>, Vec<_>) = new_classes.iter().cloned().partition(|name| name == made);
    let text = format!(
        "`new_classes` of the migration `{tag}` makes the class `{class}` without SQLite, in which a room stores everything \
         (a deployed class keeps its storage: then the room needs another name)"
    );
    let sqlite = [new_sqlite_classes.clone(), moved].concat();
    (text, Edit::Replace(lists(new_classes, new_sqlite_classes), lists(&rest, &sqlite)))
}

/// A file that could be parsed.
struct File {
    name: &'static str,
    text: String,
    root: Value,
}

impl File {
    fn parse(name: &'static str, bytes: &[u8]) -> Result<Self, String> {
        let line = |offset: usize| bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        let unreadable = |line: usize, reason: &str| format!("can't be read, at line {line}: {reason}");
        let text = str::from_utf8(bytes).map_err(|error| unreadable(line(error.valid_up_to()), "this is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = if is_toml(name) {
            toml::from_str(text)
                .map_err(|error| unreadable(line(error.span().map_or(0, |span| span.start)), error.message()))?
        } else {
            let error = |error: ParseError| unreadable(error.line_display(), &error.kind().to_string().to_lowercase());
            parse_to_serde_value::<Value>(text, &JSON).map_err(error)?
        };
        if !root.is_object() {
            return Err(unreadable(1, "an object is expected"));
        }
        Ok(Self { name, text: text.to_owned(), root })
    }

    fn configuration(&self) -> Result<Scope, String> {
        serde_path_to_error::deserialize(&self.root)
            .map_err(|error| format!("is wrong at `{}`: {}", error.path(), error.inner()))
    }

    /// The error about some problems, which ends with the lines to paste.
    fn report(&self, problems: &[Problem]) -> String {
        let texts = match problems {
            [problem] => format!(" {}", problem.text),
            _ => problems.iter().map(|problem| format!("\n- {}", problem.text)).collect(),
        };
        let lines: Vec<_> = problems.iter().map(|problem| self.lines(&problem.edit)).collect();
        format!(
            "a worker deployed by `{}` does not have this room:{texts}\n\nwrite there, or {OFF}:\n\n{}",
            self.name,
            lines.join("\n\n")
        )
    }

    /// The lines of an edit. A comment says where they go, unless they are right at the end of the file.
    fn lines(&self, edit: &Edit) -> String {
        let (path, entries, is_list) = match edit {
            Edit::Push(path, entries) => (path, entries, true),
            Edit::Set(path, entries) => (path, entries, false),
            Edit::Replace(old, new) => {
                let comment = if is_toml(self.name) { "#" } else { "//" };
                let old = old.iter().map(|entry| format!("{comment} instead of {}\n", self.entry(entry)));
                return old.collect::<String>() + &self.entries(new);
            }
        };
        if let Some(lines) = is_toml(self.name).then(|| self.appended(path, entries, is_list)).flatten() {
            return lines;
        }
        let depth = (0..=path.len()).rev().find(|depth| self.at(&path[..*depth]).is_some()).unwrap_or(0);
        let (outer, inner) = path.split_at(depth);
        let each: Vec<_> = entries.iter().map(|entry| self.entry(entry)).collect();
        let table = format!("{{ {} }}", each.join(", "));
        let lines = match (inner, is_toml(self.name)) {
            ([], _) if is_list => table + ",",
            ([], _) => self.entries(entries),
            (inner, true) => format!("{} = {}", keys(inner), if is_list { format!("[{table}]") } else { table }),
            (inner, false) => {
                let value = if is_list { format!("[{table}]") } else { table };
                let nested = inner.iter().rev().fold(value, |value, key| format!("{{ {}: {value} }}", json!(key)));
                format!("{},", &nested[2..nested.len() - 2])
            }
        };
        match (outer, is_toml(self.name)) {
            ([], true) => format!("# above the first table\n{lines}"),
            ([], false) => lines,
            (outer, true) => format!("# in {}\n{lines}", keys(outer)),
            (outer, false) => format!("// in {}\n{lines}", outer.join(".")),
        }
    }

    /// The entries under a header of TOML, if that can stand at the end of the file.
    fn appended(&self, path: &[String], entries: &Entries, is_list: bool) -> Option<String> {
        let header = match path {
            [] => String::new(),
            path if is_list => format!("[[{}]]\n", keys(path)),
            path => format!("[{}]\n", keys(path)),
        };
        let lines = header + &self.entries(entries);
        let file = Self::parse(self.name, format!("{}\n{lines}", self.text).as_bytes()).ok()?;
        let table = file.at(path).and_then(|value| if is_list { value.as_array()?.last() } else { Some(value) })?;
        entries.iter().all(|(key, value)| table.get(key) == Some(value)).then_some(lines)
    }

    fn at(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(&self.root, |value, key| value.get(key))
    }

    /// Entries on lines of their own. The comma of JSON is right in the last place too.
    fn entries(&self, entries: &Entries) -> String {
        let end = if is_toml(self.name) { "" } else { "," };
        entries.iter().map(|entry| self.entry(entry) + end).collect::<Vec<_>>().join("\n")
    }

    /// TOML and JSON write strings and lists of strings alike.
    fn entry(&self, (key, value): &(&str, Value)) -> String {
        let value = match value.as_array() {
            Some(list) => format!("[{}]", list.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")),
            None => value.to_string(),
        };
        if is_toml(self.name) { format!("{key} = {value}") } else { format!("\"{key}\": {value}") }
    }
}

fn is_toml(name: &str) -> bool {
    name.ends_with(".toml")
}

/// A path as TOML writes it.
fn keys(path: &[String]) -> String {
    let is_bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    path.iter().map(|key| if is_bare(key) { key.clone() } else { json!(key).to_string() }).collect::<Vec<_>>().join(".")
}

/// The JSON that wrangler takes: with comments and trailing commas, and else as it is.
const JSON: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

#[cfg(test)]
mod tests;
