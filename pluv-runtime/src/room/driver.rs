//! A room and its handlers: runs what the core hands out.

use std::{cell::RefCell, future::poll_fn, pin::pin, task::Poll};

use futures_util::{StreamExt as _, stream::FuturesUnordered};

use super::{
    Call, Context, Core, Deleted, Effect, Handlers, Message, Millis, Step,
    call::{Kind, Outcome},
    job::{Job, Task},
    outbox::Outbox,
    running::during,
};
use crate::error::{Error, Result};

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
            step = match &*step.jobs {
                [] => return,
                [job] => self.work(job, &now).await,
                _ => break self.drive_all(step.jobs, now, execute).await,
            };
        }
    }

    /// Several jobs at once: none waits for another.
    async fn drive_all(&self, jobs: Vec<Job>, now: impl Fn() -> Millis, execute: impl Fn(Vec<Effect>)) {
        let mut running: FuturesUnordered<_> = jobs.into_iter().map(|job| self.work_on(job, &now)).collect();
        while let Some(step) = running.next().await {
            execute(step.effects);
            running.extend(step.jobs.into_iter().map(|job| self.work_on(job, &now)));
        }
    }

    async fn work_on(&self, job: Job, now: impl Fn() -> Millis) -> Step {
        self.work(&job, now).await
    }

    async fn work(&self, job: &Job, now: impl Fn() -> Millis) -> Step {
        let running = self.run(job);
        #[cfg(feature = "tracing")]
        let running = tracing::Instrument::instrument(running, job.span());
        let mut running = pin!(running);
        let result = poll_fn(|cx| match &job.leash {
            Some(leash) if leash.is_cut(cx) => Poll::Ready(Err(Error::internal("it takes too long, and was ended"))),
            _ => during(job.running(), || running.as_mut().poll(cx)),
        })
        .await;
        during(job.running(), || self.core.borrow_mut().finish(now(), job, result))
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
            Task::InitialStorage => {
                let room = cx.room();
                Outcome(Kind::Initial(self.handlers.get_initial_storage(&room).await?))
            }
            Task::StorageUpdated => {
                self.handlers.on_storage_updated(&cx).await?;
                Outcome(Kind::Done)
            }
            Task::Deleted { state, .. } => {
                let room = cx.room();
                self.handlers.on_room_deleted(&Deleted { room: &room, state }).await?;
                Outcome(Kind::Done)
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
