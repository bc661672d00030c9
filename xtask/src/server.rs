//! Workers in workerd, served by `wrangler dev`.

use std::{
    fs::File,
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use pluv_tests::TIMEOUT;
use tempfile::TempDir;
use ureq::Agent;

use crate::{
    process::{self, Group, step},
    tools,
    worker::Worker,
};

/// The address that workers are served on.
const ADDRESS: &str = "127.0.0.1";

/// Ports below those that the system gives to connections, which would take one before a server listens there.
const FIRST_PORT: u32 = 10_000;
const PORT_COUNT: u32 = 22_000;

/// The directory of a worker's durable state.
#[derive(Debug)]
pub(crate) enum State {
    /// Kept when the server ends.
    Kept(PathBuf),
    /// Removed with the server.
    Temporary(TempDir),
}

impl State {
    /// Creates a directory that is removed with the server.
    pub(crate) fn temporary() -> Result<Self> {
        process::temporary_directory().map(Self::Temporary)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

/// The destination of a worker's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// Standard error.
    Shown,
    /// A file beside the state, of which the end is shown when something fails.
    File,
}

/// A worker that is served; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    url: String,
    // Dropped before the state, which is removed when nothing writes to it any longer.
    group: Group,
    state: State,
}

impl Server {
    /// Serves a worker, and returns when it answers.
    pub(crate) fn start(worker: &Worker, port: u16, state: State, log: Log) -> Result<Self> {
        step(&format!("starting {}", worker.name));
        let mut command = Command::new("node");
        command.arg(tools::wrangler()).arg("dev").arg("--config").arg(worker.write_configuration()?);
        command.args(["--ip", ADDRESS, "--port", &port.to_string()]);
        command.args(["--inspector-port", &free_port()?.to_string()]);
        command.arg("--persist-to").arg(state.path());
        let secrets = worker.directory.join(".dev.vars");
        if secrets.is_file() {
            command.arg("--env-file").arg(secrets);
        }
        // Not interactive, and nothing is asked of or sent to the outside.
        command.env("CI", "1").env("WRANGLER_SEND_METRICS", "false").env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
        match log {
            Log::Shown => command.stdout(io::stderr()),
            Log::File => {
                let file = File::create(log_file(&state)).context("no log can be written")?;
                command.env("FORCE_COLOR", "0").stdout(file.try_clone()?).stderr(file)
            }
        };
        let group = Group::spawn(command.current_dir(&worker.directory))?;
        let url = format!("http://{ADDRESS}:{port}");
        let mut server = Self { name: worker.name.clone(), url, group, state };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Serves a worker on a free port, with a log in a file.
    pub(crate) fn start_anywhere(worker: &Worker, state: State) -> Result<Self> {
        Self::start(worker, free_port()?, state, Log::File)
    }

    /// The URL that it is served at.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the last lines of the log; none, where that is shown.
    pub(crate) fn log(&self) -> String {
        File::open(self.log_file()).map(process::last_lines).unwrap_or_default()
    }

    /// The file with the log, where that is in one.
    pub(crate) fn log_file(&self) -> PathBuf {
        log_file(&self.state)
    }

    /// Waits for the server's end, which is always a failure: nothing asked it to end.
    pub(crate) fn wait(mut self) -> Result<()> {
        let status = self.group.wait()?;
        Err(self.ended(status))
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT / 4))
            .build()
            .into();
        let deadline = Instant::now() + TIMEOUT;
        while agent.get(&self.url).call().is_err() {
            if let Some(status) = self.group.try_wait()? {
                return Err(self.ended(status));
            }
            if Instant::now() > deadline {
                let (name, seconds) = (&self.name, TIMEOUT.as_secs());
                bail!("{name} did not answer within {seconds} seconds; the last lines of its log:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn ended(&self, status: ExitStatus) -> Error {
        anyhow!("wrangler stopped serving {} ({status}); the last lines of its log:\n{}", self.name, self.log())
    }
}

fn log_file(state: &State) -> PathBuf {
    state.path().join("wrangler.log")
}

/// Checks that nothing listens on a port.
pub(crate) fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((ADDRESS, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!("port {port} is taken: stop what listens there, or choose another with `--port`")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be listened on")),
    }
}

/// Returns a port on which nothing listens, another one each time.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Another xtask begins elsewhere.
    let begin = std::process::id().wrapping_mul(64);
    (0..PORT_COUNT)
        .map(|_| FIRST_PORT + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORT_COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((ADDRESS, *port)).is_ok())
        .context("no port is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_rejected() {
        let listener = TcpListener::bind((ADDRESS, 0)).expect("a port");
        let port = listener.local_addr().expect("it has an address").port();
        let error = check_port(port).expect_err("it is taken").to_string();
        assert!(error.starts_with(&format!("port {port} is taken")), "{error}");
    }

    #[test]
    fn a_free_port_is_accepted() {
        // Not one that was just left: a process that another test starts holds it until it has become its program.
        let accepted = (0..100).any(|_| free_port().and_then(check_port).is_ok());
        assert!(accepted);
    }
}
