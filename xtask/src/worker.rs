//! The workers of this repository.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A directory with a `wrangler.toml`.
#[derive(Clone, Debug)]
pub struct Worker {
    /// What it is called here.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
}

impl Worker {
    /// An example, by its name.
    ///
    /// # Errors
    /// When there is no such example.
    pub fn example(name: &str) -> Result<Self> {
        let examples = examples()?;
        if !examples.iter().any(|example| example == name) {
            bail!("there is no example `{name}`; there are: {}", examples.join(", "));
        }
        Ok(Self { name: name.to_owned(), directory: workspace::root().join("examples").join(name) })
    }

    /// The rooms of the end-to-end tests.
    #[must_use]
    pub fn fixture() -> Self {
        Self { name: "fixture".to_owned(), directory: workspace::root().join("tests/fixture") }
    }

    /// The worker that messages are compared with.
    #[must_use]
    pub fn floor() -> Self {
        Self { name: "floor".to_owned(), directory: workspace::root().join("xtask/bench/floor") }
    }

    /// The worker that documents are compared with. It has packages from npm.
    #[must_use]
    pub fn partyserver() -> Self {
        Self { name: "partyserver".to_owned(), directory: workspace::root().join("xtask/bench/partyserver") }
    }

    /// Its wrangler configuration.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.directory.join("wrangler.toml")
    }

    /// Where its page is made, if it has one that is made before the worker is served.
    #[must_use]
    pub fn page(&self) -> Option<PathBuf> {
        let directory = self.directory.join("page");
        directory.join("build.mjs").is_file().then_some(directory)
    }
}

fn examples() -> Result<Vec<String>> {
    let directory = workspace::root().join("examples");
    let entries = fs::read_dir(&directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("wrangler.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_have_a_configuration() {
        let examples = ["chat", "editor", "whiteboard"].map(|name| Worker::example(name).expect("it exists"));
        for worker in examples.iter().chain(&[Worker::fixture(), Worker::floor(), Worker::partyserver()]) {
            assert!(worker.configuration().is_file(), "{worker:?}");
        }
    }

    #[test]
    fn a_page_that_has_a_build_is_found() {
        assert!(Worker::example("editor").expect("it exists").page().is_some());
        assert_eq!(Worker::example("chat").expect("it exists").page(), None);
    }

    #[test]
    fn an_unknown_example_is_told_the_known_ones() {
        let error = Worker::example("../tests/fixture").expect_err("it is no example").to_string();
        assert!(error.starts_with("there is no example `../tests/fixture`; there are: "), "{error}");
        assert!(error.contains("chat"), "{error}");
    }
}
