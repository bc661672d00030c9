//! The configuration that wrangler serves a worker with, from the one that deploys it.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::worker::Worker;

/// Writes the configuration that serves a worker, and tells where.
///
/// # Errors
/// When the worker's own is no good, or the other cannot be written.
pub fn write(worker: &Worker) -> Result<PathBuf> {
    let directory = worker.directory.join(".wrangler");
    let path = directory.join("xtask.json");
    let text = format!("{:#}\n", Value::Object(read(worker)?));
    // A server that runs already watches the file: leave it as it is.
    if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
        fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(path)
}

/// Reads a worker's configuration, as it is to be served.
///
/// # Errors
/// When it is no good.
pub fn read(worker: &Worker) -> Result<Map<String, Value>> {
    let path = worker.configuration();
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        anyhow::anyhow!("{}:{line}: {}", path.display(), error.message())
    })?;
    served(table, worker).with_context(|| format!("{} is no good", path.display()))
}

/// Without the build, which xtask does itself, and with paths that are good in another directory.
fn served(mut table: toml::Table, worker: &Worker) -> Result<Map<String, Value>> {
    table.remove("build");
    absolute(&mut table, "main", worker).context("`main` is missing")?;
    if let Some(assets) = table.get_mut("assets").and_then(toml::Value::as_table_mut) {
        absolute(assets, "directory", worker).context("`assets.directory` is missing")?;
    }
    match serde_json::to_value(table)? {
        Value::Object(map) => Ok(map),
        _ => anyhow::bail!("it is no table"),
    }
}

fn absolute(table: &mut toml::Table, key: &str, worker: &Worker) -> Option<()> {
    let path = worker.directory.join(table.get(key)?.as_str()?);
    table.insert(key.to_owned(), toml::Value::String(path.to_string_lossy().into_owned()));
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn worker(text: &str) -> (tempfile::TempDir, Worker) {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("wrangler.toml"), text).expect("it is written");
        let worker = Worker { name: "test".to_owned(), directory: directory.path().to_owned() };
        (directory, worker)
    }

    #[test]
    fn paths_become_absolute_and_the_build_goes() {
        let text = "name = \"a\"\nmain = \"build/index.js\"\ncompatibility_date = \"2026-04-01\"\n\
                    [build]\ncommand = \"no\"\n[assets]\ndirectory = \"public\"\n[vars]\nX = 1\n\
                    [[migrations]]\ntag = \"v1\"\n";
        let (directory, worker) = worker(text);
        let at = |path: &str| directory.path().join(path).to_string_lossy().into_owned();
        assert_eq!(
            Value::Object(read(&worker).expect("it is good")),
            json!({
                "name": "a",
                "main": at("build/index.js"),
                "compatibility_date": "2026-04-01",
                "assets": { "directory": at("public") },
                "vars": { "X": 1 },
                "migrations": [{ "tag": "v1" }],
            })
        );
        let written = write(&worker).expect("it is written");
        let text = fs::read_to_string(written).expect("it is there");
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let (_directory, broken) = worker("name = \"a\"\nmain =\n");
        let error = format!("{:#}", read(&broken).expect_err("it is broken"));
        assert!(error.contains("wrangler.toml:2: ") && !error.contains('\n'), "{error}");
        let (_directory, empty) = worker("name = \"a\"\n");
        let error = format!("{:#}", read(&empty).expect_err("it has no main"));
        assert!(error.ends_with("wrangler.toml is no good: `main` is missing"), "{error}");
    }
}
