//! What a configuration says of Durable Objects and of the build.

use std::collections::BTreeMap;

use super::value::{Table, Value};

/// A worker's configuration.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) top: Scope,
    /// What `env` has, by name.
    pub(super) environments: Vec<Scope>,
    /// Whether it is one of Pages, where no class of Durable Objects can be.
    pub(super) is_pages: bool,
}

/// The top level, or a named environment. What is `None` is not said there.
#[derive(Debug)]
pub(super) struct Scope {
    /// The keys that lead there.
    pub(super) path: Vec<String>,
    /// What the worker is called.
    pub(super) worker: Option<String>,
    pub(super) has_main: bool,
    pub(super) has_build: bool,
    pub(super) bindings: Option<Vec<Binding>>,
    pub(super) migrations: Option<Vec<Migration>>,
    pub(super) exports: Option<BTreeMap<String, Export>>,
}

/// A binding of a class of Durable Objects.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) class: String,
    /// The worker that has the class, where it is said.
    pub(super) script: Option<String>,
}

/// A step in the life of classes.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) tag: String,
    pub(super) new: Vec<String>,
    pub(super) new_sqlite: Vec<String>,
    pub(super) deleted: Vec<String>,
    /// From one name to another.
    pub(super) renamed: Vec<(String, String)>,
    /// What came from another worker, under its name here.
    pub(super) transferred: Vec<String>,
}

/// An entry of `exports`.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) kind: Option<String>,
    pub(super) state: Option<String>,
    pub(super) storage: Option<String>,
    pub(super) renamed_to: Option<String>,
    pub(super) transferred_to: Option<String>,
}

/// A part of another kind than it has to be: its keys, and the kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misshapen {
    pub(super) path: String,
    pub(super) expected: &'static str,
}

type Result<T> = std::result::Result<T, Misshapen>;

impl Configuration {
    /// Reads what is in a file.
    pub(super) fn new(value: &Value) -> Result<Self> {
        let root = Part::new(value.as_table(), Vec::new());
        let top = Scope::new(&root)?;
        let mut environments = Vec::new();
        if let Some(env) = root.part("env")? {
            for name in env.keys() {
                let mut scope = env.part(name)?.map_or_else(|| Scope::new(&root), |part| Scope::new(&part))?;
                let worker = || top.worker.as_ref().map(|top| format!("{top}-{name}"));
                scope.worker = scope.worker.or_else(worker);
                environments.push(scope);
            }
        }
        Ok(Self { top, environments, is_pages: root.get("pages_build_output_dir").is_some() })
    }
}

impl Scope {
    fn new(part: &Part<'_>) -> Result<Self> {
        let build = part.part("build")?;
        let bindings = match part.part("durable_objects")? {
            Some(objects) => Some(objects.list("bindings", Binding::new)?.unwrap_or_default()),
            None => None,
        };
        let exports = match part.part("exports")? {
            Some(exports) => Some(exports.each(Export::new)?),
            None => None,
        };
        Ok(Self {
            path: part.path.clone(),
            worker: part.text("name")?,
            has_main: part.text("main")?.is_some(),
            has_build: build.map(|build| build.text("command")).transpose()?.flatten().is_some(),
            bindings,
            migrations: part.list("migrations", Migration::new)?,
            exports,
        })
    }
}

impl Binding {
    fn new(part: &Part<'_>) -> Result<Self> {
        Ok(Self {
            name: part.text("name")?.unwrap_or_default(),
            class: part.text("class_name")?.unwrap_or_default(),
            script: part.text("script_name")?,
        })
    }
}

impl Migration {
    fn new(part: &Part<'_>) -> Result<Self> {
        let to = |part: &Part<'_>| Ok(part.text("to")?.unwrap_or_default());
        let renamed = |part: &Part<'_>| Ok((part.text("from")?.unwrap_or_default(), to(part)?));
        Ok(Self {
            tag: part.text("tag")?.unwrap_or_default(),
            new: part.texts("new_classes")?,
            new_sqlite: part.texts("new_sqlite_classes")?,
            deleted: part.texts("deleted_classes")?,
            renamed: part.list("renamed_classes", renamed)?.unwrap_or_default(),
            transferred: part.list("transferred_classes", to)?.unwrap_or_default(),
        })
    }
}

impl Export {
    fn new(part: &Part<'_>) -> Result<Self> {
        Ok(Self {
            kind: part.text("type")?,
            state: part.text("state")?,
            storage: part.text("storage")?,
            renamed_to: part.text("renamed_to")?,
            transferred_to: part.text("transferred_to")?,
        })
    }
}

/// A table and the keys that lead to it.
struct Part<'a> {
    table: Option<&'a Table>,
    path: Vec<String>,
}

impl<'a> Part<'a> {
    fn new(table: Option<&'a Table>, path: Vec<String>) -> Self {
        Self { table, path }
    }

    fn keys(&self) -> impl Iterator<Item = &'a String> {
        self.table.into_iter().flat_map(|table| table.entries.keys())
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.table?.entries.get(key)
    }

    fn at(&self, key: &str) -> Vec<String> {
        self.path.iter().cloned().chain([key.to_owned()]).collect()
    }

    /// The value of a key as one kind of it, if there is one.
    fn read<T>(&self, key: &str, expected: &'static str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
        let misshapen = || Misshapen { path: self.at(key).join("."), expected };
        self.get(key).map(|value| read(value).ok_or_else(misshapen)).transpose()
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        self.read(key, "a text", |value| value.as_text().map(str::to_owned))
    }

    fn texts(&self, key: &str) -> Result<Vec<String>> {
        let texts =
            |value: &Value| value.as_list()?.items.iter().map(|text| text.as_text().map(str::to_owned)).collect();
        Ok(self.read(key, "a list of texts", texts)?.unwrap_or_default())
    }

    fn part(&self, key: &str) -> Result<Option<Self>> {
        self.read(key, "a table", |value| value.as_table().map(|table| Self::new(Some(table), self.at(key))))
    }

    /// A list of tables.
    fn list<T>(&self, key: &str, read: impl Fn(&Self) -> Result<T>) -> Result<Option<Vec<T>>> {
        let tables = |value: &'a Value| value.as_list()?.items.iter().map(Value::as_table).collect::<Option<Vec<_>>>();
        let Some(tables) = self.read(key, "a list of tables", tables)? else { return Ok(None) };
        tables.into_iter().map(|table| read(&Self::new(Some(table), self.at(key)))).collect::<Result<_>>().map(Some)
    }

    /// Tables by their keys.
    fn each<T>(&self, read: impl Fn(&Self) -> Result<T>) -> Result<BTreeMap<String, T>> {
        let mut all = BTreeMap::new();
        for key in self.keys() {
            if let Some(part) = self.part(key)? {
                all.insert(key.clone(), read(&part)?);
            }
        }
        Ok(all)
    }
}
