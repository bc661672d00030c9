//! Checks wrangler's configuration: a room's class is bound and has `SQLite`, and the crate is built.
//!
//! The file is the one beside the crate's `Cargo.toml`. Wrangler's rules (its function `normalizeAndValidateEnvironment`):
//! a named environment inherits `main`, `build`, `migrations` and `exports`, but not `durable_objects`.

use std::{collections::BTreeMap, env, fs, path::Path, sync::atomic};

use jsonc_parser::{ParseOptions, errors::ParseError, parse_to_serde_value};
use serde::Deserialize;
use serde_json::{Value, json};
use syn::ext::IdentExt as _;

use crate::{errors::Errors, model::Definition, names::is_binding};

/// The files that wrangler looks for, in its order. Comments and trailing commas are accepted in both JSON files.
const NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];
/// The command that builds a worker, with the version of the crate `worker`.
const BUILD: &str = "cargo install -q worker-build@0.8.7 && worker-build --release";
/// The file that the command writes.
const MAIN: &str = "build/index.js";
const OFF: &str = "turn this check off with `wrangler = false`";

/// Whether a room of this crate was checked: errors about the whole file are reported at the first room.
static IS_CHECKED: atomic::AtomicBool = atomic::AtomicBool::new(false);

/// Checks a room against the configuration beside its `Cargo.toml`, and returns the name of that file, if there is one.
pub(crate) fn check(definition: &Definition, errors: &mut Errors) -> Option<&'static str> {
    let can_be_bound = definition.is_room() && is_binding(&definition.binding.value());
    // A worker is a primary package; only tests and benchmarks have a temporary directory.
    let is_worker = env::var_os("CARGO_PRIMARY_PACKAGE").is_some()
        && env::var_os("CARGO_BIN_NAME").is_none()
        && env::var_os("CARGO_TARGET_TMPDIR").is_none();
    if !definition.options.wrangler || !can_be_bound || !is_worker {
        return None;
    }
    let (name, text) = find(env::var_os("CARGO_MANIFEST_DIR")?.as_ref())?;
    let is_first = !IS_CHECKED.swap(true, atomic::Ordering::Relaxed);
    let item = &definition.item.ident;
    let (class, binding) = (item.unraw().to_string(), definition.binding.value());
    let file = File::parse(name, &text);
    match file.and_then(|file| Ok((problems(&file.configuration()?, &class, &binding, is_first), file))) {
        Err(reason) if is_first => errors.at(item, format!("`{name}` {reason}; correct that, or {OFF}")),
        Err(_) => {}
        Ok((problems, file)) => {
            let is_at_option = |problem: &Problem| problem.is_binding && definition.has_binding;
            let (at_option, at_room): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_at_option);
            for (place, problems) in [(item.span(), at_room), (definition.binding.span(), at_option)] {
                if !problems.is_empty() {
                    errors.span(place, file.report(&problems));
                }
            }
        }
    }
    Some(name)
}

fn find(directory: &Path) -> Option<(&'static str, Vec<u8>)> {
    NAMES.into_iter().find_map(|name| Some((name, fs::read(directory.join(name)).ok()?)))
}

/// The top level of a configuration, or a named environment. A missing key is `None`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Scope {
    name: Option<String>,
    main: Option<String>,
    build: BTreeMap<String, Value>,
    durable_objects: Option<BTreeMap<String, Vec<Binding>>>,
    migrations: Option<Vec<Migration>>,
    /// The newer form of migrations; the keys of an entry depend on its type.
    exports: Option<BTreeMap<String, Export>>,
    env: BTreeMap<String, Self>,
    pages_build_output_dir: Option<Value>,
}

type Export = BTreeMap<String, Value>;

#[derive(Deserialize)]
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

#[derive(Deserialize)]
struct Renamed {
    from: String,
    to: String,
}

/// A reason why a worker deployed with the configuration does not have the room.
#[derive(Debug, PartialEq)]
struct Problem {
    /// Whether it is about the binding that the room's option sets.
    is_binding: bool,
    text: String,
    edit: Edit,
}

/// A change to the file.
#[derive(Debug, PartialEq)]
enum Edit {
    /// Appends a table to the list at a path.
    Push(Vec<String>, Entries),
    /// Sets entries in the table at a path.
    Set(Vec<String>, Entries),
    /// Replaces entries by others.
    Replace(Entries, Entries),
}

type Entries = Vec<(&'static str, Value)>;

/// Returns the problems of a room, and at the first room those of the whole worker.
fn problems(top: &Scope, class: &str, binding: &str, is_first: bool) -> Vec<Problem> {
    let mut scopes: Vec<_> = top.env.iter().map(|(name, scope)| (Some(name.as_str()), scope)).collect();
    // The top level is deployed too, unless it has no binding and environments have.
    if top.durable_objects.is_some() || scopes.iter().all(|(_, scope)| scope.durable_objects.is_none()) {
        scopes.insert(0, (None, top));
    }
    let mut problems = Vec::new();
    if is_first && scopes.iter().any(|(_, scope)| scope.main.is_none() && top.main.is_none()) {
        let edit = Edit::Set(Vec::new(), vec![("main", json!(MAIN))]);
        problems.push(problem(None, false, "`main` is missing", edit));
    }
    let has_command = |scope: &Scope| scope.build.contains_key("command");
    if is_first && scopes.iter().any(|(_, scope)| !has_command(scope) && !has_command(top)) {
        let edit = Edit::Set(path(None, &["build"]), vec![("command", json!(BUILD))]);
        problems.push(problem(None, false, "the build command is missing", edit));
    }
    for (environment, scope) in scopes {
        let own = match (environment, &scope.name, &top.name) {
            (Some(environment), None, Some(top)) => Some(format!("{top}-{environment}")),
            (_, name, _) => name.clone(),
        };
        let is_here = |binding: &&Binding| binding.script_name.is_none() || binding.script_name == own;
        let bindings = scope.durable_objects.as_ref().and_then(|objects| objects.get("bindings"));
        let bindings = bindings.map_or(&[][..], Vec::as_slice);
        let found = bindings.iter().find(|found| found.name == binding);
        if !found.is_none_or(|binding| is_here(&binding)) {
            // The class is in another worker.
            continue;
        }
        let found = found.or_else(|| bindings.iter().filter(is_here).find(|found| found.class_name == class));
        problems.extend(unbound(environment, class, binding, found));
        // Environments inherit migrations, so that a problem is reported once.
        let problem = without_sqlite(environment, scope, top, class);
        problems.extend(problem.filter(|problem| !problems.contains(problem)));
    }
    // A Pages project can't contain a Durable Object class.
    problems.retain(|_| top.pages_build_output_dir.is_none());
    problems
}

/// Returns a path from the root of the file, within an environment if there is one.
fn path(environment: Option<&str>, keys: &[&str]) -> Vec<String> {
    let outer = environment.map(|name| ["env", name]);
    outer.iter().flatten().chain(keys).map(|key| (*key).to_owned()).collect()
}

fn problem(environment: Option<&str>, is_binding: bool, text: &str, edit: Edit) -> Problem {
    let text = environment.map_or_else(|| text.to_owned(), |name| format!("in `env.{name}` {text}"));
    Problem { is_binding, text, edit }
}

/// Returns the problem of the binding with the room's name, or else with its class.
fn unbound(environment: Option<&str>, class: &str, binding: &str, found: Option<&Binding>) -> Option<Problem> {
    let Some(Binding { name, class_name, .. }) = found else {
        let text = format!("the class `{class}` is not bound, and this room looks for it as `{binding}`");
        let entries = vec![("name", json!(binding)), ("class_name", json!(class))];
        let edit = Edit::Push(path(environment, &["durable_objects", "bindings"]), entries);
        return Some(problem(environment, false, &text, edit));
    };
    let (text, key, old, new) = if name != binding {
        let or = format!("unless it has `binding = \"{name}\"`");
        let text = format!("the class `{class}` is bound as `{name}`, and this room looks for `{binding}` {or}");
        (text, "name", name, binding)
    } else if class_name != class {
        let text = format!("the binding `{binding}` is of the class `{class_name}`, and this room is `{class}`");
        (text, "class_name", class_name, class)
    } else {
        return None;
    };
    let edit = Edit::Replace(vec![(key, json!(old))], vec![(key, json!(new))]);
    Some(problem(environment, true, &text, edit))
}

/// Returns the problem of a class without `SQLite`, by `exports` if they have classes, or else by `migrations`.
fn without_sqlite(environment: Option<&str>, scope: &Scope, top: &Scope, class: &str) -> Option<Problem> {
    let exports = scope.exports.as_ref().or(top.exports.as_ref());
    let migrations = scope.migrations.as_deref().or(top.migrations.as_deref()).unwrap_or_default();
    let is_object = |export: &Export| export.get("type") == Some(&json!("durable-object"));
    let by = exports.filter(|all| migrations.is_empty() || all.values().any(is_object));
    let is_own = if by.is_some() { scope.exports.is_some() } else { scope.migrations.is_some() };
    let owner = environment.filter(|_| is_own);
    let (text, edit) = match by {
        Some(exports) => by_exports(owner, exports, class)?,
        None => by_migrations(owner, migrations, class)?,
    };
    Some(problem(owner, false, &text, edit))
}

fn by_exports(owner: Option<&str>, exports: &BTreeMap<String, Export>, class: &str) -> Option<(String, Edit)> {
    let wanted = [("type", json!("durable-object")), ("storage", json!("sqlite"))];
    let path = path(owner, &["exports", class]);
    let Some(export) = exports.get(class) else {
        return Some((format!("`exports` has no class `{class}`"), Edit::Set(path, wanted.to_vec())));
    };
    let is_gone = |state: &&str| ["deleted", "renamed", "transferred"].contains(state);
    let state = export.get("state").and_then(Value::as_str).filter(is_gone);
    let text = match state {
        Some(state) => format!("`exports` says that the class `{class}` was {state}"),
        None if wanted.iter().all(|(key, value)| export.get(*key) == Some(value)) => return None,
        None => format!(
            "`exports` does not make the class `{class}` a `durable-object` with SQLite, in which a room stores everything \
             (a deployed class keeps its storage: then the room needs another name)"
        ),
    };
    let keys = [state.map(|_| ["state", "renamed_to", "transferred_to"])].into_iter().flatten().flatten();
    let old = keys.chain(["type", "storage"]).filter_map(|key| Some((key, export.get(key)?.clone())));
    let old: Entries = old.filter(|entry| !wanted.contains(entry)).collect();
    let new: Entries = wanted.into_iter().filter(|(key, value)| export.get(*key) != Some(value)).collect();
    Some((text, if old.is_empty() { Edit::Set(path, new) } else { Edit::Replace(old, new) }))
}

fn by_migrations(owner: Option<&str>, migrations: &[Migration], class: &str) -> Option<(String, Edit)> {
    let mut text = format!("no migration makes the class `{class}`");
    // From the last to the first, as the class may have been renamed.
    let mut name = class;
    for migration in migrations.iter().rev() {
        let is_in = |classes: &[String]| classes.iter().any(|class| class == name);
        let moved = &migration.renamed_classes;
        if is_in(&migration.new_sqlite_classes) || migration.transferred_classes.iter().any(|class| class.to == name) {
            return None;
        } else if is_in(&migration.new_classes) {
            return Some(move_to_sqlite(class, migration, name));
        } else if let Some(renamed) = moved.iter().find(|renamed| renamed.to == name) {
            name = &renamed.from;
        } else if let Some(renamed) = moved.iter().find(|renamed| renamed.from == name) {
            text = format!("the migration `{}` renames the class `{class}` to `{}`", migration.tag, renamed.to);
            break;
        } else if is_in(&migration.deleted_classes) {
            text = format!("the migration `{}` deletes the class `{class}`", migration.tag);
            break;
        }
    }
    // The old name may be older than the first migration, so that its storage is unknown.
    if name != class {
        return None;
    }
    let is_free = |tag: &String| migrations.iter().all(|migration| migration.tag != *tag);
    let tag = (migrations.len() + 1..).map(|number| format!("v{number}")).find(is_free).unwrap_or_default();
    let entries = vec![("tag", json!(tag)), ("new_sqlite_classes", json!([class]))];
    Some((text, Edit::Push(path(owner, &["migrations"]), entries)))
}

/// Moves a class, earlier called `made`, to `new_sqlite_classes` of the same migration.
fn move_to_sqlite(class: &str, migration: &Migration, made: &str) -> (String, Edit) {
    let Migration { tag, new_classes, new_sqlite_classes, .. } = migration;
    let (moved, rest): (Vec<_>, Vec<_>) = new_classes.iter().cloned().partition(|name| name == made);
    let sqlite = [&**new_sqlite_classes, &*moved].concat();
    let entries = |new: &Vec<String>, sqlite: &Vec<String>| -> Entries {
        let lists = [("new_classes", new), ("new_sqlite_classes", sqlite)].into_iter();
        lists.filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, json!(list))).collect()
    };
    let text = format!(
        "`new_classes` of the migration `{tag}` makes the class `{class}` without SQLite, in which a room stores everything \
         (a deployed class keeps its storage: then the room needs another name)"
    );
    (text, Edit::Replace(entries(new_classes, new_sqlite_classes), entries(&rest, &sqlite)))
}

/// A parsed file.
struct File {
    name: &'static str,
    is_toml: bool,
    text: String,
    root: Value,
}

impl File {
    fn parse(name: &'static str, bytes: &[u8]) -> Result<Self, String> {
        let line = |offset: usize| bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        let unreadable = |line: usize, reason: &str| format!("can't be read, at line {line}: {reason}");
        let text = str::from_utf8(bytes).map_err(|error| unreadable(line(error.valid_up_to()), "this is not UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        let is_toml = name.ends_with(".toml");
        let root: Value = if is_toml {
            let error =
                |error: toml::de::Error| unreadable(line(error.span().map_or(0, |span| span.start)), error.message());
            toml::from_str(text).map_err(error)?
        } else {
            let error = |error: ParseError| unreadable(error.line_display(), &error.kind().to_string().to_lowercase());
            let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
            parse_to_serde_value(text, &options).map_err(error)?
        };
        if !root.is_object() {
            return Err(unreadable(1, "an object is expected"));
        }
        Ok(Self { name, is_toml, text: text.to_owned(), root })
    }

    fn configuration(&self) -> Result<Scope, String> {
        serde_path_to_error::deserialize(&self.root)
            .map_err(|error| format!("is wrong at `{}`: {}", error.path(), error.inner()))
    }

    /// Returns the error about problems, which ends with the lines to paste.
    fn report(&self, problems: &[Problem]) -> String {
        let texts = match problems {
            [problem] => format!(" {}", problem.text),
            _ => problems.iter().map(|problem| format!("\n- {}", problem.text)).collect(),
        };
        let lines: Vec<_> = problems.iter().map(|problem| self.lines(&problem.edit)).collect();
        let (name, lines) = (self.name, lines.join("\n\n"));
        format!("a worker deployed by `{name}` does not have this room:{texts}\n\nwrite there, or {OFF}:\n\n{lines}")
    }

    /// Returns the lines of an edit, with a comment that says where they go, unless it is the end of the file.
    fn lines(&self, edit: &Edit) -> String {
        let comment = if self.is_toml { "#" } else { "//" };
        let (path, entries, is_list) = match edit {
            Edit::Push(path, entries) => (path, entries, true),
            Edit::Set(path, entries) => (path, entries, false),
            Edit::Replace(old, new) => {
                let old = old.iter().map(|entry| format!("{comment} instead of {}\n", self.entry(entry)));
                return old.collect::<String>() + &self.entries(new);
            }
        };
        if let Some(lines) = self.appended(path, entries, is_list) {
            return lines;
        }
        let depth = (0..=path.len()).rev().find(|depth| self.at(&path[..*depth]).is_some()).unwrap_or(0);
        let (outer, inner) = path.split_at(depth);
        let table = entries.iter().map(|entry| self.entry(entry)).collect::<Vec<_>>().join(", ");
        let value = if is_list { format!("[{{ {table} }}]") } else { format!("{{ {table} }}") };
        let lines = match inner {
            [] if is_list => format!("{{ {table} }},"),
            [] => self.entries(entries),
            inner if self.is_toml => format!("{} = {value}", keys(inner)),
            [first, rest @ ..] => {
                let nested = rest.iter().rev().fold(value, |value, key| format!("{{ {}: {value} }}", json!(key)));
                format!("{}: {nested},", json!(first))
            }
        };
        match outer {
            [] if self.is_toml => format!("# above the first table\n{lines}"),
            [] => lines,
            outer => format!("{comment} in {}\n{lines}", keys(outer)),
        }
    }

    /// Returns the entries with a TOML header, if they are valid at the end of the file.
    fn appended(&self, path: &[String], entries: &Entries, is_list: bool) -> Option<String> {
        let header = match keys(path) {
            keys if keys.is_empty() => String::new(),
            keys if is_list => format!("[[{keys}]]\n"),
            keys => format!("[{keys}]\n"),
        };
        let lines = header + &self.entries(entries);
        let text = format!("{}\n{lines}", self.text);
        let file = Self::parse(self.name, text.as_bytes()).ok().filter(|_| self.is_toml)?;
        let table = file.at(path).and_then(|value| if is_list { value.as_array()?.last() } else { Some(value) })?;
        entries.iter().all(|(key, value)| table.get(key) == Some(value)).then_some(lines)
    }

    fn at(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(&self.root, |value, key| value.get(key))
    }

    /// Returns each entry on a line. JSON has a comma after the last too, which wrangler accepts.
    fn entries(&self, entries: &Entries) -> String {
        let end = if self.is_toml { "" } else { "," };
        entries.iter().map(|entry| self.entry(entry) + end).collect::<Vec<_>>().join("\n")
    }

    fn entry(&self, (key, value): &(&str, Value)) -> String {
        // Strings and lists of strings are the same in TOML and JSON.
        if self.is_toml { format!("{key} = {value}") } else { format!("\"{key}\": {value}") }
    }
}

/// Returns a path in TOML's syntax.
fn keys(path: &[String]) -> String {
    let is_bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    path.iter().map(|key| if is_bare(key) { key.clone() } else { json!(key).to_string() }).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests;
