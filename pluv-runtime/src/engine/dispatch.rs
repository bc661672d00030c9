//! The dispatch loop: from an input of the platform to the room, its effects and its handlers, until nothing is left to do.

use std::{
    cell::RefCell,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};

use futures_util::{StreamExt as _, future::Abortable, stream::FuturesUnordered};

use super::{
    admin::{AdminReply, AdminRequest},
    close::CloseReason,
    connection::{self, Admission, ConnectionId, Current},
    job::{Action, Job, Outcome},
    room::Room,
    step::{Effect, Input, LastPing, Step},
};
use crate::{
    error::{Error, Result},
    protocol::Millis,
};

/// The platform below a room.
pub(crate) trait Host {
    fn now(&self) -> Millis;

    /// Makes this room the one whose code runs, until another one is.
    fn activate(&self);

    /// The time when the platform last answered a ping of a connection.
    fn last_ping(&self, connection: ConnectionId) -> Option<Millis>;

    /// Executes an effect. Returns the connections to which much was sent since they were last returned.
    fn execute(&self, effect: Effect) -> Vec<ConnectionId>;
}

/// Runs the handlers of a room.
pub(crate) trait RunJob {
    /// Runs a job. Nothing of `room` is borrowed across an await.
    fn run(&self, room: &RefCell<Room>, job: &Job) -> impl Future<Output = Result<(Outcome, Vec<Action>)>>;
}

/// A room with its handlers, on its host.
#[derive(Debug)]
pub(crate) struct Dispatcher<R, H> {
    pub(crate) room: RefCell<Room>,
    handlers: R,
    pub(crate) host: H,
}

/// Handlers that wait for something, and the connections that they run for.
pub(crate) struct Pending {
    pub(crate) connections: Vec<ConnectionId>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

impl Pending {
    /// Lets them go on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.future.as_mut().poll(cx)
    }
}

impl<R: RunJob + 'static, H: Host + 'static> Dispatcher<R, H> {
    pub(crate) fn new(room: Room, handlers: R, host: H) -> Self {
        Self { room: RefCell::new(room), handlers, host }
    }

    /// Enters the room: runs `act` on it as the current code, at the host's time.
    fn enter<T>(&self, current: Option<Current>, act: impl FnOnce(&mut Room, Millis, LastPing<'_>) -> T) -> T {
        self.host.activate();
        let last_ping = |connection| self.host.last_ping(connection);
        connection::enter(current, || act(&mut self.room.borrow_mut(), self.host.now(), &last_ping))
    }

    /// Handles an input. Returns the handlers that have to run; the caller polls them.
    #[must_use]
    pub(crate) fn input(self: &Rc<Self>, input: Input<'_>) -> Option<Pending> {
        let step = self.handle(input);
        self.start(step)
    }

    fn handle(&self, input: Input<'_>) -> Step {
        self.enter(None, |room, now, last_ping| room.handle(now, last_ping, input))
    }

    /// Adds a connection: `accept` registers its socket with the host before anything is sent to it.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) fn connect(
        self: &Rc<Self>,
        admission: &Admission,
        accept: impl FnOnce(ConnectionId) -> Result<(), CloseReason>,
    ) -> Result<Option<Pending>, CloseReason> {
        let (connection, step) = self.enter(None, |room, now, _| room.connect(now, admission))?;
        if let Err(reason) = accept(connection) {
            // Nobody was told of it.
            drop(self.handle(Input::Closed { connection }));
            return Err(reason);
        }
        Ok(self.start(step))
    }

    /// Handles a request of the worker.
    pub(crate) fn admin(self: &Rc<Self>, request: AdminRequest, argument: Vec<u8>) -> (Option<Pending>, AdminReply) {
        let (step, reply) = self.enter(None, |room, now, _| room.handle_admin(now, request, argument));
        (self.start(step), reply)
    }

    /// Executes the effects of a step, and prepares its handlers.
    fn start(self: &Rc<Self>, step: Step) -> Option<Pending> {
        let jobs = self.execute(step);
        if jobs.is_empty() {
            return None;
        }
        let connections = jobs.iter().map(|job| job.current.connection).collect();
        let this = Rc::clone(self);
        Some(Pending { connections, future: Box::pin(async move { this.run_all(jobs).await }) })
    }

    /// Executes the effects of a step and of the inputs that follow from these. Returns the handlers to run.
    fn execute(&self, step: Step) -> Vec<Job> {
        let Step { effects, mut jobs, .. } = step;
        let sent_much: Vec<_> = effects.into_iter().flat_map(|effect| self.host.execute(effect)).collect();
        for connection in sent_much {
            let step = self.handle(Input::SentMuch { connection });
            jobs.extend(self.execute(step));
        }
        jobs
    }

    /// Runs jobs, and those that waited for them. None waits for another of them.
    async fn run_all(&self, mut jobs: Vec<Job>) {
        // Most often it is one, which needs no set of futures.
        while jobs.len() <= 1 {
            let Some(job) = jobs.pop() else { return };
            jobs = self.run(job).await;
        }
        let mut running: FuturesUnordered<_> = jobs.into_iter().map(|job| self.run(job)).collect();
        while let Some(jobs) = running.next().await {
            running.extend(jobs.into_iter().map(|job| self.run(job)));
        }
    }

    /// Runs a job, and returns those that follow.
    async fn run(&self, mut job: Job) -> Vec<Job> {
        let abort = job.abort.take();
        let handler = self.handlers.run(&self.room, &job);
        #[cfg(feature = "tracing")]
        let handler = tracing::Instrument::instrument(handler, job.span());
        let mut handler = pin!(handler);
        let handler = std::future::poll_fn(|cx| {
            self.host.activate();
            connection::enter(Some(job.current.clone()), || handler.as_mut().poll(cx))
        });
        let result = match abort {
            None => handler.await,
            Some(registration) => Abortable::new(handler, registration)
                .await
                .unwrap_or_else(|_| Err(Error::internal("hook timed out after 30 s"))),
        };
        let step = self
            .enter(Some(job.current.clone()), |room, now, last_ping| room.handler_ended(now, last_ping, &job, result));
        self.execute(step)
    }
}
