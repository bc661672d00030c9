//! A room and its handlers: runs what the core hands out.

use std::cell::RefCell;

use super::{
    Call, Context, Core, Effect, Handlers, Message, Millis, Step,
    call::{Kind, Outcome},
    job::{Job, Task},
    outbox::Outbox,
};
use crate::error::Result;

/// A room with its handlers.
#[derive(Debug)]
pub(crate) struct Driver<R> {
    pub(crate) core: RefCell<Core>,
    handlers: R,
}

impl<R: Handlers> Driver<R> {
    pub(crate) fn new(core: Core, handlers: R) -> Self {
        Self { core: RefCell::new(core), handlers }
    }

    /// Carries out a step, and runs its job and those that waited for it.
    ///
    /// `now` is the clock, `execute` the host.
    pub(crate) async fn drive(&self, step: Step, now: impl Fn() -> Millis, execute: impl Fn(Vec<Effect>)) {
        let mut step = step;
        loop {
            execute(step.effects);
            let Some(job) = step.job else { return };
            let result = self.run(&job).await;
            step = self.core.borrow_mut().finish(now(), &job, result);
        }
    }

    async fn run(&self, job: &Job) -> Result<(Outcome, Outbox)> {
        let cx = Context::new(&self.core, job);
        let outcome = match &job.task {
            Task::Event { name, data, .. } => {
                let message = Message { name, data };
                if R::HOOKS.on_message {
                    self.handlers.on_message(&cx, &message).await?;
                }
                self.handlers.dispatch(&cx, Call { message }).await?
            }
            Task::Connected => {
                self.handlers.on_user_connected(&cx).await?;
                Outcome(Kind::Done)
            }
            Task::Disconnected { .. } => {
                self.handlers.on_user_disconnected(&cx).await?;
                Outcome(Kind::Done)
            }
        };
        Ok((outcome, cx.into_outbox()))
    }
}
