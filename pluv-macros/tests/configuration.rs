//! Rooms with a configuration of wrangler: each folder in `tests/ui/configuration` is compiled as a crate.
//!
//! A folder has a configuration, a `room.rs` (or uses the common one) and the expected output in `expected.txt`; without that
//! file no output is expected. `TRYBUILD=overwrite` writes the current output.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Crates in a workspace of their own, which is compiled into the repository's target directory.
struct Workspace {
    directory: PathBuf,
}

impl Workspace {
    fn new(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory).expect("the files of an earlier run are removed");
        }
        let workspace = Self { directory };
        // The repository's profiles, so that compiled dependencies are reused.
        let profile = "[profile.dev]\ndebug = \"line-tables-only\"\n[profile.dev.package.\"*\"]\ndebug = false\n\
                       [profile.dev.package.yrs]\nopt-level = 2\n[profile.dev.package.pluv-runtime]\nopt-level = 1\n";
        workspace.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n{profile}"));
        fs::copy(repository().join("Cargo.lock"), workspace.directory.join("Cargo.lock")).expect("it is copied");
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }

    /// Adds a crate without code.
    fn add(&self, name: &str) {
        let pluv = repository().join("pluv-runtime");
        let text = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[lib]\ntest = false\nbench = false\ndoctest = false\n\
             [dependencies]\npluv = {{ package = \"pluv-runtime\", path = {pluv:?} }}\nworker = \"*\"\n"
        );
        self.write(&format!("{name}/Cargo.toml"), &text);
    }

    /// Compiles all crates, and returns the output of each, and whether it was compiled anew.
    fn check(&self) -> BTreeMap<String, Checked> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args([
            "check",
            "--offline",
            "--workspace",
            "--lib",
            "--tests",
            "--examples",
            "--benches",
            "--keep-going",
            "--message-format=json",
        ]);
        command.arg("--target-dir").arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."));
        let output = command.current_dir(&self.directory).stderr(Stdio::inherit()).output().expect("cargo runs");
        let mut all = BTreeMap::<String, Checked>::new();
        for line in String::from_utf8(output.stdout).expect("it is text").lines() {
            let message: Value = serde_json::from_str(line).expect("it is JSON");
            let manifest = message["manifest_path"].as_str().map(Path::new);
            let Some(folder) = manifest.and_then(|path| path.parent()?.strip_prefix(&self.directory).ok()) else {
                continue;
            };
            let checked = all.entry(folder.to_string_lossy().into_owned()).or_default();
            match message["reason"].as_str() {
                Some("compiler-message") => checked.add_output(&message["message"]),
                Some("compiler-artifact") => checked.is_fresh = message["fresh"] == true,
                _ => {}
            }
        }
        all
    }
}

/// The result of one crate.
#[derive(Default)]
struct Checked {
    output: String,
    is_fresh: bool,
}

impl Checked {
    fn add_output(&mut self, message: &Value) {
        // The last message only has the number of the others.
        if message["spans"].as_array().is_some_and(|spans| !spans.is_empty()) {
            for line in message["rendered"].as_str().expect("it is text").lines() {
                self.output.extend([line.trim_end(), "\n"]);
            }
        }
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("it is there")
}

fn cases() -> Vec<PathBuf> {
    let cases = fs::read_dir(repository().join("tests/ui/configuration")).expect("it is there");
    let mut cases: Vec<_> = cases.map(|case| case.expect("it is there").path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[test]
fn each_configuration_has_its_expected_output() {
    let workspace = Workspace::new("configuration");
    let all = fs::read_to_string(repository().join("tests/ui/configuration/room.rs")).expect("it is there");
    let cases = cases();
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy();
        workspace.add(&name);
        workspace.write(&format!("{name}/src/lib.rs"), &all);
        for file in fs::read_dir(case).expect("it is there") {
            let file = file.expect("it is there").path();
            let text = fs::read_to_string(&file).expect("it is text");
            match &*file.file_name().expect("a name").to_string_lossy() {
                "room.rs" => workspace.write(&format!("{name}/src/lib.rs"), &text),
                "expected.txt" => {}
                other => workspace.write(&format!("{name}/{other}"), &text),
            }
        }
    }
    for folder in ["tests", "examples", "benches"] {
        let program = if folder == "tests" { String::new() } else { "\nfn main() {}\n".to_owned() };
        workspace.write(&format!("not_in_the_library/{folder}/{folder}.rs"), &(all.clone() + &program));
    }

    let mut checked = workspace.check();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let output = checked.remove(&name).expect("it is compiled").output;
        let path = case.join("expected.txt");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if output == expected {
            continue;
        }
        if env::var_os("TRYBUILD").is_some_and(|what| what == "overwrite") {
            fs::write(path, output).expect("it is written");
        } else {
            wrong.push(format!("{name}: expected\n\n{expected}\nand the output is\n\n{output}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked.is_empty(), "each crate has a folder");
}

#[test]
fn a_change_of_the_file_rebuilds_the_crate() {
    let workspace = Workspace::new("rebuild");
    let folder = repository().join("tests/ui/configuration");
    let text = |path: &str| fs::read_to_string(folder.join(path)).expect("it is there");
    workspace.add("rebuild");
    workspace.write("rebuild/src/lib.rs", &text("room.rs"));
    workspace.write("rebuild/wrangler.toml", &text("complete/wrangler.toml"));
    let check = || workspace.check().remove("rebuild").expect("it is compiled");

    assert_eq!(check().output, "");
    assert!(check().is_fresh, "nothing has changed");
    workspace.write("rebuild/wrangler.toml", &text("not_bound/wrangler.toml"));
    assert!(check().output.contains("the class `Chat` is not bound"));
    workspace.write("rebuild/wrangler.toml", &text("complete/wrangler.toml"));
    let checked = check();
    assert_eq!((&*checked.output, checked.is_fresh), ("", false));
    fs::remove_file(workspace.path("rebuild/wrangler.toml")).expect("it is removed");
    let checked = check();
    assert_eq!((&*checked.output, checked.is_fresh), ("", false), "without a file there is no check");
    assert!(check().is_fresh);
}
