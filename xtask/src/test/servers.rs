//! The workers that the tests drive.

use anyhow::Result;

use super::report::Report;
use crate::{
    server::{Server, State},
    tools::Tools,
    worker::{Profile, Worker},
};

/// Which of them are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) chat: bool,
    pub(super) editor: bool,
    pub(super) whiteboard: bool,
    pub(super) fixture: bool,
    pub(super) faults: bool,
}

impl Wanted {
    pub(super) fn any(self) -> bool {
        self.chat || self.editor || self.whiteboard || self.fixture || self.faults
    }
}

/// Those that run; one that does not is a failure in the report already.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) chat: Option<Server>,
    pub(super) editor: Option<Server>,
    pub(super) whiteboard: Option<Server>,
    pub(super) fixture: Option<Server>,
    /// The fixture once more, for tests that harm all rooms of a worker.
    pub(super) faults: Option<Server>,
}

impl Servers {
    /// Starts those that are wanted.
    pub(super) fn start(report: &mut Report, wanted: Wanted) -> Self {
        let Some(tools) = report.prepare("tools", Tools::install) else {
            return Self::default();
        };
        let mut example = |name: &str, is_wanted: bool| {
            let serve = || {
                let worker = Worker::example(name)?;
                worker.deploy_dry_run(&tools)?;
                start(&worker)
            };
            is_wanted.then(|| report.prepare(&format!("{name} example"), serve)).flatten()
        };
        let chat = example("chat", wanted.chat);
        let editor = example("editor", wanted.editor);
        let whiteboard = example("whiteboard", wanted.whiteboard);
        let fixture = wanted.fixture.then(|| report.prepare("fixture", || serve(&Worker::fixture(), &tools))).flatten();
        let faults = (wanted.faults && fixture.is_some())
            .then(|| report.prepare("fixture, for faults", || start(&Worker::fixture())))
            .flatten();
        Self { chat, editor, whiteboard, fixture, faults }
    }

    /// Shows what the workers logged.
    pub(super) fn show_logs(&self) {
        let all = [&self.chat, &self.editor, &self.whiteboard, &self.fixture, &self.faults];
        for server in all.into_iter().flatten() {
            eprintln!("the last lines of the output of {}:\n{}", server.name(), server.log());
        }
    }
}

fn serve(worker: &Worker, tools: &Tools) -> Result<Server> {
    worker.build(Profile::Release, tools)?;
    start(worker)
}

fn start(worker: &Worker) -> Result<Server> {
    Server::start_anywhere(worker, State::temporary()?)
}
