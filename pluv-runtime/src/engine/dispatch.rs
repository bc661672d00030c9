//! The dispatch loop: from an input of the platform to the room, its effects and its handlers, until nothing is left to do.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    pin::{Pin, pin},
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{
    StreamExt as _,
    future::{Abortable, Either, LocalBoxFuture},
    stream::FuturesUnordered,
};

use super::{
    admin::{AdminError, AdminReply, AdminRequest, AdminResponse, Call},
    close::CloseReason,
    connection::{self, Admission, ConnectionId, Current},
    job::{Action, Background, Job, JobKind, Outcome},
    room::Room,
    step::{Effect, Input, LastPing, Step},
};
use crate::{
    bindings::Bindings,
    error::{Error, INTERNAL, Result},
    protocol::{Millis, Protocol},
};

/// The platform below a room.
pub(crate) trait Host {
    fn now(&self) -> Millis;

    /// Makes this room the one whose code runs, until another one is.
    fn activate(&self);

    /// The time when the platform last answered a ping of a connection.
    fn last_ping(&self, connection: ConnectionId) -> Option<Millis>;

    /// The worker's environment and the object.
    fn bindings(&self) -> &Bindings;

    /// Polls handlers until they have ended.
    fn spawn(&self, pending: Pending);

    /// Ends after so many milliseconds.
    fn sleep(&self, millis: Millis) -> LocalBoxFuture<'static, ()>;

    /// Executes an effect. Returns the connections to which much was sent since they were last returned.
    fn execute(&self, effect: Effect) -> Vec<ConnectionId>;
}

/// Runs the handlers of a room.
pub(crate) trait RunJob {
    /// Runs a job. Nothing of the room is borrowed across an await. The actions that it returns are applied, or none.
    fn run(&self, runtime: &dyn Runtime, job: &Job) -> impl Future<Output = Result<(Outcome, Vec<Action>)>>;
}

/// The room of a handler that runs.
pub(crate) trait Runtime {
    /// The room, which must not stay borrowed.
    fn room(&self) -> &RefCell<Room>;

    /// Runs `run` in a transaction of the room's database and applies the actions that it returns, or none of all that.
    ///
    /// # Errors
    /// What `run` returns; why an action can't be applied; that the database failed, or a transaction runs already.
    fn commit(&self, job: &Job, run: &mut dyn FnMut() -> Result<Vec<Action>>) -> Result<()>;

    /// Applies actions while their handler goes on: all, or none.
    ///
    /// # Errors
    /// Why an action can't be applied, or that the database failed.
    fn flush(&self, job: &Job, actions: Vec<Action>) -> Result<()>;

    fn now(&self) -> Millis;

    /// The same one, as long as the room is not dropped.
    fn weak(&self) -> Weak<dyn Runtime>;

    /// Runs what follows from transactions that no handler waits for.
    fn follow_up(&self);

    /// The worker's environment and the object.
    fn bindings(&self) -> &Bindings;

    /// Ends after a time.
    fn sleep(&self, time: Duration) -> LocalBoxFuture<'static, ()>;
}

/// A room with its handlers, on its host.
#[derive(Debug)]
pub(crate) struct Dispatcher<R, H> {
    pub(crate) room: RefCell<Room>,
    pub(crate) handlers: R,
    pub(crate) host: H,
    this: Weak<Self>,
    /// Whether a transaction of a handler runs.
    is_committing: Cell<bool>,
    /// The jobs that follow from transactions of handlers that still run.
    follow_ups: RefCell<Vec<Job>>,
    /// Work of handlers that has not begun.
    background: RefCell<Vec<Background>>,
}

/// Handlers that wait for something, and the connections that they run for.
pub(crate) struct Pending {
    pub(crate) connections: Vec<ConnectionId>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl Pending {
    /// Lets them go on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.future.as_mut().poll(cx)
    }
}

impl<R: RunJob + 'static, H: Host + 'static> Dispatcher<R, H> {
    pub(crate) fn new(room: Room, handlers: R, host: H) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            room: RefCell::new(room),
            handlers,
            host,
            this: Weak::clone(this),
            is_committing: Cell::default(),
            follow_ups: RefCell::default(),
            background: RefCell::default(),
        })
    }

    /// Ends the step in which the room's connections were restored. Returns the handlers that have to run.
    #[must_use]
    pub(crate) fn wake(self: &Rc<Self>, step: Step) -> Option<Pending> {
        let step = self.enter(None, |room, _, _| room.wake(step));
        self.start(step)
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

    /// Calls a procedure for the worker, or for a user whom it names.
    pub(crate) async fn call(&self, call: Call, data: Vec<u8>) -> AdminResponse {
        let data = String::from_utf8(data).map_err(|error| AdminError::Invalid(error.to_string()))?;
        let Call { name, session, user } = call;
        let job = {
            let (room, now) = (self.room.borrow(), self.host.now());
            match user {
                Some(user) if room.has_event(&name) => room
                    .job_of_user(now, &session, user.get(), Protocol::Pluv, JobKind::Event { data })
                    .map_err(|reason| AdminError::Invalid(format!("the user does not fit: {reason}")))?,
                Some(_) => return Err(AdminError::Invalid(format!("the room has no procedure `{name}`"))),
                None => room.job(now, JobKind::WorkerCall { data }),
            }
        };
        let job = job.named(&name);
        match self.perform(&job, self.handlers.run(self, &job)).await {
            Ok(Outcome::Answer { data, .. }) => Ok(data.into_bytes()),
            Ok(Outcome::Unhandled) => Err(AdminError::Invalid(format!("the room has no procedure `{name}`"))),
            Ok(_) => Ok(b"null".to_vec()),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the hook `connect`, in a room that has it, whether a connection may enter.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) async fn run_connect_hook(&self, admission: &Admission) -> Result<(), CloseReason> {
        if !self.room.borrow().has_connect_hook() {
            return Ok(());
        }
        let kind = JobKind::Connect(admission.upgrade.clone().unwrap_or_default());
        let user = admission.user.as_ref().map_or("null", |user| user.get());
        let job = self.room.borrow().job_of_user(self.host.now(), &admission.session, user, admission.protocol, kind);
        let job = job.map_err(CloseReason::InvalidUser)?;
        match self.perform(&job, self.handlers.run(self, &job)).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_internal() => Err(CloseReason::Unavailable(INTERNAL.to_owned())),
            Err(error) => Err(CloseReason::Refused(error.client_message().to_owned())),
        }
    }

    /// Runs a handler whose result somebody waits for. An internal error is logged.
    ///
    /// # Errors
    /// The handler's own, or why its actions can't be applied.
    pub(crate) async fn perform<T>(
        &self,
        job: &Job,
        handler: impl Future<Output = Result<(T, Vec<Action>)>>,
    ) -> Result<T> {
        let loaded = self.room.borrow_mut().begin(job);
        let result = match loaded {
            Ok(_) => self.poll(job, handler).await,
            Err(error) => Err(error),
        };
        let (value, stored) = match result {
            Ok((value, actions)) => (Some(value), self.store(job, actions).map(|left| (Outcome::Done, left))),
            Err(error) => (None, Err(error)),
        };
        let ended = self.end_transaction(job, stored);
        self.follow_up();
        if let Err(error) = &ended
            && error.is_internal()
        {
            self.host.execute(Effect::LogError(job.current.failure(error)));
        }
        ended.and_then(|()| value.ok_or_else(|| Error::internal("the handler has no result")))
    }

    /// Polls a handler, in the span of its job.
    async fn poll<T>(&self, job: &Job, handler: impl Future<Output = T>) -> T {
        #[cfg(feature = "tracing")]
        let handler = tracing::Instrument::instrument(handler, job.span());
        self.poll_as(&job.current, handler).await
    }

    /// Polls a future as code that `cause` has caused.
    async fn poll_as<T>(&self, cause: &Current, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            self.host.activate();
            connection::enter(Some(cause.clone()), || future.as_mut().poll(cx))
        })
        .await
    }

    /// Executes the effects of a step, and prepares its handlers.
    fn start(self: &Rc<Self>, step: Step) -> Option<Pending> {
        let jobs = self.execute(step);
        self.pending(jobs)
    }

    /// Prepares handlers, and work that goes on.
    fn pending(self: &Rc<Self>, jobs: Vec<Job>) -> Option<Pending> {
        if jobs.is_empty() && self.background.borrow().is_empty() {
            return None;
        }
        let connections = jobs.iter().map(|job| job.current.connection).collect();
        let this = Rc::clone(self);
        Some(Pending { connections, future: Box::pin(async move { this.run_all(jobs).await }) })
    }

    /// Executes the effects of a step and of the inputs that follow from these. Returns the handlers to run.
    fn execute(&self, step: Step) -> Vec<Job> {
        let Step { effects, mut jobs, background, .. } = step;
        self.background.borrow_mut().extend(background);
        let sent_much: Vec<_> = effects.into_iter().flat_map(|effect| self.host.execute(effect)).collect();
        for connection in sent_much {
            let step = self.handle(Input::SentMuch { connection });
            jobs.extend(self.execute(step));
        }
        jobs
    }

    /// Runs jobs, those that waited for them, and the work that goes on when they have ended.
    async fn run_all(&self, mut jobs: Vec<Job>) {
        let mut running = FuturesUnordered::new();
        loop {
            running.extend(self.background.take().into_iter().map(|work| Either::Left(self.run_background(work))));
            // Most often it is one, which needs no set of futures.
            if running.is_empty() && jobs.len() == 1 {
                jobs = self.run(jobs.remove(0)).await;
                continue;
            }
            running.extend(jobs.drain(..).map(|job| Either::Right(self.run(job))));
            match running.next().await {
                Some(following) => jobs = following,
                None => return,
            }
        }
    }

    /// Runs work that no handler waits for.
    async fn run_background(&self, work: Background) -> Vec<Job> {
        let Background { cause, future } = work;
        if let Err(error) = self.poll_as(&cause, future).await {
            self.host.execute(Effect::LogError(cause.failure(&error)));
        }
        Vec::new()
    }

    /// Runs a job, and returns those that follow.
    async fn run(&self, mut job: Job) -> Vec<Job> {
        let abort = job.abort.take();
        // State and tables are as the code expects them before the first of its handlers runs.
        let is_wanted = self.room.borrow_mut().begin(&job);
        match is_wanted {
            Ok(true) => {}
            Ok(false) => return Vec::new(),
            Err(error) => return self.end(&job, Err(error)),
        }
        let handler = self.poll(&job, self.handlers.run(self, &job));
        let result = match abort {
            None => handler.await,
            Some(registration) => Abortable::new(handler, registration)
                .await
                .unwrap_or_else(|_| Err(Error::internal("aborted, as it took too long"))),
        };
        self.end(&job, result)
    }

    /// Ends a job, and returns those that follow.
    fn end(&self, job: &Job, result: Result<(Outcome, Vec<Action>)>) -> Vec<Job> {
        let result = result.and_then(|(outcome, actions)| Ok((outcome, self.store(job, actions)?)));
        let step = self
            .enter(Some(job.current.clone()), |room, now, last_ping| room.handler_ended(now, last_ping, job, result));
        let mut jobs = self.execute(step);
        jobs.append(&mut self.follow_ups.borrow_mut());
        jobs
    }

    /// Stores the actions that change something durable, in a transaction, and returns the others.
    fn store(&self, job: &Job, actions: Vec<Action>) -> Result<Vec<Action>> {
        if !actions.iter().any(Action::is_durable) {
            return Ok(actions);
        }
        self.host.activate();
        let database = self.room.borrow().database();
        let store = || self.room.borrow_mut().store(self.host.now(), job, actions);
        connection::enter(Some(job.current.clone()), || database.transaction(store))
    }

    /// Ends a transaction of a handler that still runs: it was stored, or rolled back.
    fn end_transaction(&self, job: &Job, stored: Result<(Outcome, Vec<Action>)>) -> Result<()> {
        let current = Some(job.current.clone());
        let (step, result) = self.enter(current, |room, now, last_ping| room.committed(now, last_ping, job, stored));
        let mut jobs = self.execute(step);
        self.follow_ups.borrow_mut().append(&mut jobs);
        result
    }
}

impl<R: RunJob + 'static, H: Host + 'static> Runtime for Dispatcher<R, H> {
    fn room(&self) -> &RefCell<Room> {
        &self.room
    }

    fn commit(&self, job: &Job, run: &mut dyn FnMut() -> Result<Vec<Action>>) -> Result<()> {
        if self.is_committing.replace(true) {
            return Err(Error::internal("a transaction runs already: a handler that is not `async` is one"));
        }
        let database = self.room.borrow().database();
        let stored = database.transaction(|| {
            let actions = run()?;
            Ok((Outcome::Done, self.room.borrow_mut().store(self.host.now(), job, actions)?))
        });
        self.is_committing.set(false);
        self.end_transaction(job, stored)
    }

    fn flush(&self, job: &Job, actions: Vec<Action>) -> Result<()> {
        let stored = self.store(job, actions).map(|left| (Outcome::Done, left));
        self.end_transaction(job, stored)
    }

    fn now(&self) -> Millis {
        self.host.now()
    }

    fn weak(&self) -> Weak<dyn Runtime> {
        Weak::<Self>::clone(&self.this)
    }

    fn follow_up(&self) {
        let Some(this) = self.this.upgrade() else { return };
        let jobs = self.follow_ups.take();
        if let Some(pending) = this.pending(jobs) {
            self.host.spawn(pending);
        }
    }

    fn bindings(&self) -> &Bindings {
        self.host.bindings()
    }

    fn sleep(&self, time: Duration) -> LocalBoxFuture<'static, ()> {
        self.host.sleep(time.as_millis().try_into().unwrap_or(Millis::MAX))
    }
}
