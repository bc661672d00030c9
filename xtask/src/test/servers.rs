//! The workers that the tests drive.

use std::iter;

use anyhow::Result;

use super::{Part, report::Report};
use crate::{
    server::{Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// The workers, with the parts that drive each.
const WORKERS: [(&str, &[Part]); 5] = [
    ("chat", &[Part::E2e, Part::Browser]),
    ("editor", &[Part::Browser]),
    ("poker", &[Part::Browser]),
    ("whiteboard", &[Part::Browser]),
    ("fixture", &[Part::E2e, Part::Client, Part::Yjs]),
];

/// The workers by their names, or why they could not be built.
pub(super) type Builds = Vec<(&'static str, Result<Worker>)>;

/// Builds the workers of some parts. Their output is shown if a build fails, so that this may run beside other parts.
pub(super) fn build(tools: &Tools, parts: &[Part]) -> Builds {
    let is_wanted = |drivers: &[Part]| drivers.iter().any(|part| parts.contains(part));
    let wanted = WORKERS.into_iter().filter(|(_, drivers)| is_wanted(drivers));
    wanted.map(|(name, _)| (name, build_one(name, tools))).collect()
}

fn build_one(name: &str, tools: &Tools) -> Result<Worker> {
    if name == "fixture" {
        let worker = Worker::fixture();
        worker.build_quietly(Profile::Release, tools)?;
        return Ok(worker);
    }
    let worker = Worker::example(name)?;
    worker.deploy_dry_run(tools)?;
    Ok(worker)
}

/// The servers that run; one that does not is a failure in the report already.
#[derive(Debug, Default)]
pub(super) struct Servers {
    servers: Vec<(&'static str, Server)>,
}

impl Servers {
    /// Starts the workers that were built; for the end-to-end tests the fixture once more as `faults`, as some of them harm
    /// all rooms of a worker.
    pub(super) fn start(report: &mut Report, builds: Builds, parts: &[Part]) -> Self {
        let mut servers = Vec::new();
        for (name, built) in builds {
            let Some(worker) = report.prepare(name, || built) else {
                continue;
            };
            let faults = (name == "fixture" && parts.contains(&Part::E2e)).then_some("faults");
            for name in iter::once(name).chain(faults) {
                let start = || Server::start_anywhere(&worker, State::temporary()?);
                servers.extend(report.prepare(&format!("server of {name}"), start).map(|server| (name, server)));
            }
        }
        Self { servers }
    }

    /// Returns the server of a worker, if it runs.
    pub(super) fn get(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|(worker, _)| *worker == name).map(|(_, server)| server)
    }

    /// Shows what the workers logged.
    pub(super) fn show_logs(&self) {
        for (name, server) in &self.servers {
            eprintln!("the last lines of the output of {name}:\n{}", server.log());
        }
    }
}
