//! Workers in workerd, by `wrangler dev`.

use std::{
    env,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use ureq::Agent;

use crate::{
    config, npm, port,
    process::{self, Group},
    progress,
    scratch::Scratch,
    tail::Tail,
    worker::Worker,
};

/// How long anything may take before it is given up: by `PLUV_TEST_TIMEOUT`, in seconds, as for the waits of all tests.
#[must_use]
pub fn timeout() -> Duration {
    let given = env::var("PLUV_TEST_TIMEOUT").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(given.unwrap_or(120))
}

/// Where a worker's durable state is kept.
#[derive(Debug)]
pub enum State {
    /// In this directory.
    Kept(PathBuf),
    /// In one that is removed with the server.
    Scratch(Scratch),
}

impl State {
    /// State that is gone with the server.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn scratch() -> Result<Self> {
        Scratch::new().map(Self::Scratch)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Scratch(scratch) => scratch.path(),
        }
    }

    fn log(&self) -> PathBuf {
        self.path().join("wrangler.log")
    }
}

/// What becomes of what a worker logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// It is shown as it comes.
    Shown,
    /// It is in a file, of which the end is shown when something fails.
    Kept,
}

/// A worker that is served; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    name: String,
    url: String,
    // Before the state, which is removed when nobody writes it any longer.
    group: Group,
    readers: Vec<thread::JoinHandle<()>>,
    log: Arc<Mutex<Tail>>,
    state: State,
}

impl Server {
    /// Serves a worker, and returns when it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(worker: &Worker, port: u16, state: State, log: Log) -> Result<Self> {
        progress::step(&format!("starting {}", worker.name));
        let mut command = Command::new("node");
        command.arg(npm::wrangler()).arg("dev");
        command.arg("--config").arg(config::write(worker)?);
        command.args(["--ip", port::ADDRESS, "--port", &port.to_string()]);
        command.args(["--inspector-port", &port::free()?.to_string()]);
        command.arg("--persist-to").arg(state.path());
        let secrets = worker.directory.join(".dev.vars");
        if secrets.is_file() {
            command.arg("--env-file").arg(secrets);
        }
        // Not interactive, and nothing is asked of or sent to the outside.
        command.env("CI", "1").env("WRANGLER_SEND_METRICS", "false").env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
        command.current_dir(&worker.directory).stdout(Stdio::piped()).stderr(Stdio::piped());

        let file = (log == Log::Kept).then(|| File::create(state.log())).transpose()?.map(Arc::new);
        let mut group = Group::spawn(&mut command)?;
        let tail = Arc::new(Mutex::new(Tail::default()));
        let readers = group.pipes().into_iter().map(|pipe| {
            let (tail, file) = (Arc::clone(&tail), file.clone());
            thread::spawn(move || {
                process::for_lines(pipe, |line| {
                    tail.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    // The terminal may be gone already.
                    let _ = match file.as_deref() {
                        Some(mut file) => file.write_all(format!("{line}\n").as_bytes()),
                        None => writeln!(std::io::stderr(), "{line}"),
                    };
                });
            })
        });
        let readers = readers.collect();
        let url = format!("http://{}:{port}", port::ADDRESS);
        let mut server = Self { name: worker.name.clone(), url, group, readers, log: tail, state };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// What the worker is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is served.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The last lines that it logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).to_string()
    }

    /// The file with all that it logged, where that is kept.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.state.log()
    }

    /// Waits for the server's end, which is always a failure: nobody asked it to end.
    ///
    /// # Errors
    /// Always.
    pub fn wait(mut self) -> Result<()> {
        let status = self.group.wait()?;
        self.ended(status)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(timeout() / 4))
            .build()
            .into();
        let deadline = Instant::now() + timeout();
        while agent.get(&self.url).call().is_err() {
            if let Some(status) = self.group.try_wait()? {
                return self.ended(status);
            }
            if Instant::now() > deadline {
                let (name, seconds, log) = (&self.name, timeout().as_secs(), self.log());
                bail!("{name} did not answer within {seconds} seconds; the last lines of its output:\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn ended(&mut self, status: std::process::ExitStatus) -> Result<()> {
        // What wrangler started may live on, and hold its pipes.
        self.group.end();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        bail!("wrangler stopped serving {} ({status}); the last lines of its output:\n{}", self.name, self.log());
    }
}
