//! The tools that building and serving a worker takes, each installed where it is missing.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    iter,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;

use crate::process::{self, step};

/// The target that workers are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The files that the toolchain has with each component and target that `rust-toolchain.toml` names, and the arguments
/// for rustup to add it.
const TOOLCHAIN: [(&str, [&str; 3]); 3] = [
    ("bin/rustfmt", ["component", "add", "rustfmt"]),
    ("bin/clippy-driver", ["component", "add", "clippy"]),
    ("lib/rustlib/wasm32-unknown-unknown/lib", ["target", "add", TARGET]),
];

/// The oldest major version of Node.js that wrangler runs on.
const OLDEST_NODE: u32 = 20;

/// The variable with Chromium's program, for a machine that does not have it on the PATH.
const CHROMIUM: &str = "PLUV_CHROMIUM";

/// A copy of the lockfile that npm installed from.
const STAMP: &str = "node_modules/.pluv-installed";

/// The programs that build a worker.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// The program `worker-build`.
    pub(crate) worker_build: PathBuf,
    /// The program `wasm-bindgen`.
    pub(crate) wasm_bindgen: PathBuf,
}

impl Tools {
    /// Installs all that building and serving a worker takes, in the versions that the lockfiles have.
    pub(crate) fn install() -> Result<Self> {
        complete_toolchain()?;
        check_node()?;
        install_packages(&root().join("xtask"))?;
        // worker-build is released together with the `worker` crate, and wasm-bindgen reads its own version's output only.
        let worker_build = install_crate("worker-build", &locked_version("worker")?)?.join("worker-build");
        let wasm_bindgen = install_crate("wasm-bindgen-cli", &locked_version("wasm-bindgen")?)?.join("wasm-bindgen");
        Ok(Self { worker_build, wasm_bindgen })
    }

    /// Returns the directory that Cargo knows worker-build to be installed in.
    pub(crate) fn home(&self) -> &Path {
        // It is `home/bin/worker-build`.
        self.worker_build.ancestors().nth(2).unwrap_or(&self.worker_build)
    }

    /// Returns the PATH with worker-build on it.
    pub(crate) fn path(&self) -> Result<OsString> {
        let known = env::var_os("PATH").unwrap_or_default();
        let all = iter::once(self.home().join("bin")).chain(env::split_paths(&known));
        env::join_paths(all).context("the PATH cannot be extended")
    }
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    // Cargo names the directory at run time; the one of build time is wrong after the repository was moved.
    let directory = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    directory.parent().map_or_else(|| directory.clone(), Path::to_owned)
}

/// Returns cargo, at the root of the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// Returns the version of a package in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    version_in(&text, package).with_context(|| format!("{} has no package `{package}`", path.display()))
}

fn version_in(lockfile: &str, package: &str) -> Option<String> {
    let lockfile: toml::Table = lockfile.parse().ok()?;
    let packages = lockfile.get("package")?.as_array()?;
    let found = packages.iter().find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))?;
    found.get("version")?.as_str().map(str::to_owned)
}

/// Returns the directory that the tools of all checkouts of a user are kept in.
fn cache() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(env::home_dir()?.join(".cache")));
    let directory = base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("pluv-xtask");
    fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    Ok(directory)
}

/// Waits until no other xtask installs anything. The lock ends with the file.
fn lock() -> Result<File> {
    let path = cache()?.join("lock");
    let file = File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    if file.try_lock().is_err() {
        step("waiting for another xtask that installs tools");
        file.lock().with_context(|| format!("{} cannot be locked", path.display()))?;
    }
    Ok(file)
}

/// Compiles the programs of a crate, and returns their directory.
fn install_crate(package: &str, version: &str) -> Result<PathBuf> {
    let home = cache()?.join(format!("{package}-{version}"));
    if !home.is_dir() {
        let _lock = lock()?;
        if !home.is_dir() {
            step(&format!("installing {package} {version} (some minutes, once)"));
            // Moved to its place when it is complete. What an interrupted run compiled is taken up by the next one.
            let (partial, target) = (cache()?.join("partial"), cache()?.join("target"));
            let mut command = cargo();
            // Without `--locked`: the lockfile that wasm-bindgen-cli ships has a yanked dependency, which some registries
            // no longer serve.
            command.args(["install", package, "--version", version, "--force", "--root"]).arg(&partial);
            process::run_quietly(command.env("CARGO_TARGET_DIR", &target))
                .with_context(|| format!("{package} {version} cannot be installed"))?;
            fs::rename(&partial, &home).with_context(|| format!("{} cannot be made", home.display()))?;
            fs::remove_dir_all(&target).with_context(|| format!("{} cannot be removed", target.display()))?;
        }
    }
    Ok(home.join("bin"))
}

/// Adds what the Rust toolchain lacks. rustup adds what `rust-toolchain.toml` names only when it installs the toolchain, and
/// not to one that is there already.
pub(crate) fn complete_toolchain() -> Result<()> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output();
    let output = output.context("`rustc` cannot be run")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    for (file, add) in TOOLCHAIN {
        if !sysroot.join(file).exists() {
            let what = add.join(" ");
            step(&format!("rustup {what}"));
            process::run_quietly(Command::new("rustup").args(add).current_dir(root()))
                .with_context(|| format!("`rustup {what}` failed"))?;
        }
    }
    Ok(())
}

/// Checks that Node.js is there, and new enough.
pub(crate) fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output().ok().filter(|output| output.status.success());
    let output = output.with_context(|| {
        format!("Node.js is missing: install version {OLDEST_NODE} or newer from https://nodejs.org, and try again")
    })?;
    check_node_version(String::from_utf8_lossy(&output.stdout).trim())
}

fn check_node_version(version: &str) -> Result<()> {
    let major = version.strip_prefix('v').and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(OLDEST_NODE..) => Ok(()),
        Some(_) => {
            bail!("Node.js {version} is too old: install version {OLDEST_NODE} or newer from https://nodejs.org")
        }
        None => bail!("`node --version` prints `{version}`, which is no version of Node.js"),
    }
}

/// Installs the npm packages of `directory` by its lockfile.
pub(crate) fn install_packages(directory: &Path) -> Result<()> {
    if is_installed(directory) {
        return Ok(());
    }
    let _lock = lock()?;
    if is_installed(directory) {
        return Ok(());
    }
    let name = directory.strip_prefix(root()).unwrap_or(directory);
    step(&format!("installing the npm packages of {}", name.display()));
    // No package of ours needs its install script, and some of them download things.
    process::run_quietly(Command::new("npm").args(["ci", "--include=dev", "--ignore-scripts"]).current_dir(directory))
        .context("the npm packages cannot be installed")?;
    fs::copy(directory.join("package-lock.json"), directory.join(STAMP)).context("node_modules cannot be written")?;
    Ok(())
}

fn is_installed(directory: &Path) -> bool {
    let read = |name: &str| fs::read(directory.join(name)).ok();
    read(STAMP).is_some_and(|installed| Some(installed) == read("package-lock.json"))
}

/// Returns a program of xtask's own npm packages.
pub(crate) fn npm_program(name: &str) -> PathBuf {
    root().join("xtask/node_modules/.bin").join(name)
}

/// Returns wrangler's script, which is given to `node`.
pub(crate) fn wrangler() -> PathBuf {
    root().join("xtask/node_modules/wrangler/bin/wrangler.js")
}

/// Returns Chromium's program; on Debian, root gets it installed.
pub(crate) fn install_chromium() -> Result<PathBuf> {
    let missing = || format!("Chromium is missing: install it, or set {CHROMIUM} to its program");
    if let Some(path) = env::var_os(CHROMIUM) {
        return which::which(&path).with_context(|| format!("{CHROMIUM} is {}, which is no program", path.display()));
    }
    let find =
        || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| which::which(name).ok());
    if let Some(path) = find() {
        return Ok(path);
    }
    if !(Path::new("/etc/debian_version").exists() && Uid::effective().is_root()) {
        bail!(missing());
    }
    step("installing Chromium");
    for arguments in [&["update"][..], &["install", "-y", "--no-install-recommends", "chromium"]] {
        process::run_quietly(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
            .with_context(missing)?;
    }
    find().context("Chromium was installed, but is not on the PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_the_parent_of_this_crate() {
        assert!(root().join("xtask/src/tools.rs").is_file());
    }

    #[test]
    fn versions_are_read_from_a_lockfile() {
        let lockfile = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n";
        assert_eq!(version_in(lockfile, "a").as_deref(), Some("1.2.3"));
        assert_eq!(version_in(lockfile, "b"), None);
        assert_eq!(version_in("nonsense", "a"), None);
    }

    #[test]
    fn node_versions_are_compared_by_number() {
        assert!(check_node_version("v20.20.2").is_ok());
        assert!(check_node_version("v100.0.0").is_ok());
        let error = check_node_version("v18.19.0").expect_err("too old").to_string();
        assert_eq!(error, "Node.js v18.19.0 is too old: install version 20 or newer from https://nodejs.org");
        assert!(check_node_version("nonsense").is_err());
    }

    #[test]
    fn packages_are_installed_again_when_the_lockfile_changes() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("it is written");
        assert!(!is_installed(directory.path()), "there is nothing at all");
        write("package-lock.json", "one");
        assert!(!is_installed(directory.path()), "nothing was installed");
        fs::create_dir(directory.path().join("node_modules")).expect("it is made");
        write(STAMP, "one");
        assert!(is_installed(directory.path()));
        write("package-lock.json", "two");
        assert!(!is_installed(directory.path()), "the lockfile changed");
    }
}
