//! What is in a file, whatever its format.

use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A table of TOML, an object of JSON.
    Table(Table),
    /// A list.
    List(List),
    /// A text.
    Text(String),
    /// What no check asks for.
    Other,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) entries: BTreeMap<String, Value>,
    /// Whether it is in braces, so that no header can add to it.
    pub(super) inline: bool,
}

/// A list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) items: Vec<Value>,
    /// Whether it is in brackets, so that no header can add to it.
    pub(super) inline: bool,
}

impl Value {
    pub(super) fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What is as far along `path` as there is something, and how many of its keys that took.
    pub(super) fn deepest(&self, path: &[String]) -> (&Self, usize) {
        let mut value = self;
        for (depth, key) in path.iter().enumerate() {
            match value.as_table().and_then(|table| table.entries.get(key)) {
                Some(inner) => value = inner,
                None => return (value, depth),
            }
        }
        (value, path.len())
    }
}
