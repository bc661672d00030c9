//! What a file lacks, in no format yet.

/// A key and what it is set to.
pub(super) type Entry = (&'static str, Setting);

/// What a key is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// A change to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    /// One more table in the list at a path.
    Push(Vec<String>, Vec<Entry>),
    /// Entries in the table at a path.
    Set(Vec<String>, Vec<Entry>),
    /// Entries that stand there already, and those that have to.
    Replace(Vec<Entry>, Vec<Entry>),
}

/// An entry with a text.
pub(super) fn text(key: &'static str, text: &str) -> Entry {
    (key, Setting::Text(text.to_owned()))
}

/// An entry with a list of texts.
pub(super) fn texts(key: &'static str, texts: &[impl AsRef<str>]) -> Entry {
    (key, Setting::Texts(texts.iter().map(|text| text.as_ref().to_owned()).collect()))
}
