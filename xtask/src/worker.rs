//! The workers of this repository: where they are, how they are built, and what wrangler serves them with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;

use crate::{
    process::{self, step},
    tools::{self, Tools, root},
};

/// How a worker is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Quick to compile.
    Dev,
    /// Quick to run.
    Release,
}

/// A directory with a `wrangler.toml`.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    /// The name in messages.
    pub(crate) name: String,
    /// The directory.
    pub(crate) directory: PathBuf,
}

impl Worker {
    /// An example, by its name.
    pub(crate) fn example(name: &str) -> Result<Self> {
        let directory = root().join("examples");
        let entries = fs::read_dir(&directory).with_context(|| format!("{} cannot be read", directory.display()))?;
        let mut examples: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join("wrangler.toml").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        examples.sort();
        if !examples.iter().any(|example| example == name) {
            bail!("there is no example `{name}`; there are: {}", examples.join(", "));
        }
        Ok(Self { name: name.to_owned(), directory: directory.join(name) })
    }

    /// The rooms of the end-to-end tests.
    pub(crate) fn fixture() -> Self {
        Self { name: "fixture".to_owned(), directory: root().join("tests/fixture") }
    }

    /// The reference of the benchmark of messages.
    pub(crate) fn floor() -> Self {
        Self { name: "floor".to_owned(), directory: root().join("xtask/bench/floor") }
    }

    /// The reference of the benchmarks of state, tables and ticks.
    pub(crate) fn plain() -> Self {
        Self { name: "plain".to_owned(), directory: root().join("xtask/bench/plain") }
    }

    /// The reference of the benchmark of documents. It has packages from npm.
    pub(crate) fn partyserver() -> Self {
        Self { name: "partyserver".to_owned(), directory: root().join("xtask/bench/partyserver") }
    }

    /// Compiles the worker, and builds its page if it has one.
    pub(crate) fn build(&self, profile: Profile, tools: &Tools) -> Result<()> {
        self.build_by(profile, tools, process::run)
    }

    /// The same, and shows the output only if it fails.
    pub(crate) fn build_quietly(&self, profile: Profile, tools: &Tools) -> Result<()> {
        self.build_by(profile, tools, process::run_quietly)
    }

    fn build_by(&self, profile: Profile, tools: &Tools, run: fn(&mut Command) -> Result<()>) -> Result<()> {
        let flag = match profile {
            Profile::Dev => "--dev",
            Profile::Release => "--release",
        };
        step(&format!("building {} ({})", self.name, &flag[2..]));
        let mut command = Command::new(&tools.worker_build);
        use_installed(command.arg(flag).current_dir(&self.directory), tools);
        run(&mut command).with_context(|| format!("the build of `{}` failed", self.name))?;
        let Some(page) = self.page() else { return Ok(()) };
        tools::install_packages(&page)?;
        process::run_quietly(Command::new("node").arg("build.mjs").current_dir(page))
            .with_context(|| format!("the page of `{}` cannot be built", self.name))
    }

    /// Returns the directory of the page's sources, if the worker has a page that is built.
    fn page(&self) -> Option<PathBuf> {
        let directory = self.directory.join("page");
        directory.join("build.mjs").is_file().then_some(directory)
    }

    /// Builds the worker by the command of its own configuration, as `wrangler deploy` does, and deploys it to nowhere.
    /// The build can be served.
    pub(crate) fn deploy_dry_run(&self, tools: &Tools) -> Result<()> {
        step(&format!("deploying {} to nowhere", self.name));
        let bundle = process::temporary_directory()?;
        let mut command = Command::new("node");
        command.arg(tools::wrangler()).args(["deploy", "--dry-run", "--outdir"]).arg(bundle.path());
        command.env("CI", "1").env("WRANGLER_SEND_METRICS", "false");
        // Its `cargo install` finds the tool that is there already.
        command.env("CARGO_INSTALL_ROOT", tools.home()).env("PATH", tools.path()?);
        use_installed(&mut command, tools);
        process::run_quietly(command.current_dir(&self.directory))
            .with_context(|| format!("`{}` cannot be deployed as it is", self.name))
    }

    /// Writes the configuration that serves the worker, and returns its path.
    pub(crate) fn write_configuration(&self) -> Result<PathBuf> {
        let directory = self.directory.join(".wrangler");
        let path = directory.join("xtask.toml");
        let text = self.configuration()?.to_string();
        // A server that runs already watches the file: leave it as it is.
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
            fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(path)
    }

    /// Returns the worker's own configuration without its build, which xtask does itself, and with absolute paths.
    pub(crate) fn configuration(&self) -> Result<toml::Table> {
        let path = self.directory.join("wrangler.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            anyhow!("{}:{line}: {}", path.display(), error.message())
        })?;
        table.remove("build");
        make_absolute(&mut table, "main", &self.directory)
            .with_context(|| format!("{}: `main` is missing", path.display()))?;
        if let Some(assets) = table.get_mut("assets").and_then(toml::Value::as_table_mut) {
            make_absolute(assets, "directory", &self.directory)
                .with_context(|| format!("{}: `assets.directory` is missing", path.display()))?;
        }
        Ok(table)
    }
}

fn make_absolute(table: &mut toml::Table, key: &str, directory: &Path) -> Option<()> {
    let path = directory.join(table.get(key)?.as_str()?);
    table.insert(key.to_owned(), path.to_string_lossy().into_owned().into());
    Some(())
}

/// Has worker-build use the programs that are installed, as it downloads others by default.
fn use_installed(command: &mut Command, tools: &Tools) {
    command.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
    command.env("ESBUILD_BIN", root().join("xtask/esbuild.sh")).env("WASM_OPT_BIN", tools::npm_program("wasm-opt"));
    // The compiler's own messages are enough.
    command.env("RUST_BACKTRACE", "0");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(text: &str) -> (tempfile::TempDir, Worker) {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("wrangler.toml"), text).expect("it is written");
        let worker = Worker { name: "test".to_owned(), directory: directory.path().to_owned() };
        (directory, worker)
    }

    #[test]
    fn workers_have_a_configuration() {
        let examples = ["chat", "editor", "poker", "whiteboard"].map(|name| Worker::example(name).expect("it exists"));
        for worker in examples.iter().chain(&[Worker::fixture(), Worker::floor(), Worker::partyserver()]) {
            worker.configuration().expect("it is good");
        }
    }

    #[test]
    fn a_page_is_found_by_its_build() {
        assert!(Worker::example("editor").expect("it exists").page().is_some());
        assert_eq!(Worker::example("chat").expect("it exists").page(), None);
    }

    #[test]
    fn the_examples_are_named_when_one_is_unknown() {
        let error = Worker::example("../tests/fixture").expect_err("it is no example").to_string();
        assert!(error.starts_with("there is no example `../tests/fixture`; there are: "), "{error}");
        assert!(error.contains("chat"), "{error}");
    }

    #[test]
    fn a_served_configuration_has_absolute_paths_and_no_build() {
        let text = "name = \"a\"\nmain = \"build/index.js\"\ncompatibility_date = \"2026-04-01\"\n\
                    [build]\ncommand = \"no\"\n[assets]\ndirectory = \"public\"\n[vars]\nX = 1\n\
                    [[migrations]]\ntag = \"v1\"\n";
        let (directory, worker) = worker(text);
        let at = |path: &str| directory.path().join(path).to_string_lossy().into_owned();
        let expected: toml::Table = toml::toml! {
            name = "a"
            compatibility_date = "2026-04-01"
            vars = { X = 1 }
            migrations = [{ tag = "v1" }]
        };
        let mut expected = expected;
        expected.insert("main".to_owned(), at("build/index.js").into());
        expected.insert(
            "assets".to_owned(),
            toml::Table::from_iter([("directory".to_owned(), at("public").into())]).into(),
        );
        assert_eq!(worker.configuration().expect("it is good"), expected);
        let written = worker.write_configuration().expect("it is written");
        let text = fs::read_to_string(written).expect("it is there");
        assert_eq!(text.parse::<toml::Table>().expect("it is TOML"), expected);
    }

    #[test]
    fn errors_of_a_configuration_name_its_place() {
        let (_directory, broken) = worker("name = \"a\"\nmain =\n");
        let error = format!("{:#}", broken.configuration().expect_err("it is broken"));
        assert!(error.contains("wrangler.toml:2: ") && !error.contains('\n'), "{error}");
        let (_directory, empty) = worker("name = \"a\"\n");
        let error = format!("{:#}", empty.configuration().expect_err("it has no main"));
        assert!(error.ends_with("wrangler.toml: `main` is missing"), "{error}");
    }
}
