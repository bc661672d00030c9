//! The workers that the tests drive.

use anyhow::Result;

use super::report::Report;
use crate::{
    build::{self, Profile},
    port,
    server::{Log, Server, State},
    setup,
    tools::Tools,
    worker::Worker,
};

/// Those that run; one that does not is a failure in the report already.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) chat: Option<Server>,
    pub(super) fixture: Option<Server>,
}

impl Servers {
    /// Starts those that are wanted.
    pub(super) fn start(report: &mut Report, with_chat: bool, with_fixture: bool) -> Self {
        let Some(tools) = report.prepare("tools", setup::install) else {
            return Self::default();
        };
        let chat =
            with_chat.then(|| report.prepare("chat example", || serve(&Worker::example("chat")?, &tools))).flatten();
        let fixture = with_fixture.then(|| report.prepare("fixture", || serve(&Worker::fixture(), &tools))).flatten();
        Self { chat, fixture }
    }

    /// Shows what the workers logged.
    pub(super) fn show_logs(&self) {
        for server in [&self.chat, &self.fixture].into_iter().flatten() {
            eprintln!("the last lines of the output of {}:\n{}", server.name(), server.log());
        }
    }
}

fn serve(worker: &Worker, tools: &Tools) -> Result<Server> {
    build::build(worker, Profile::Release, tools)?;
    Server::start(worker, port::free()?, State::scratch()?, Log::Kept)
}
