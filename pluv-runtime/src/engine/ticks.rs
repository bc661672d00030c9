//! The ticks of a room: calls of its own methods at a steady pace, while someone is connected.

use std::{rc::Rc, time::Duration};

use super::{
    job::{Job, JobKind},
    step::{Effect, Step},
    timers::Timer,
};
use crate::protocol::Millis;

/// Time until the alarm that starts the ticks again where the room was lost, in milliseconds.
const RESTART: Millis = 60_000;

/// A tick that a room has.
#[derive(Clone, Copy, Debug)]
pub struct TickInfo {
    name: &'static str,
    every: Millis,
    pub(crate) is_sync: bool,
}

impl TickInfo {
    /// A tick by the name of its method, every so many milliseconds.
    #[must_use]
    pub const fn new(name: &'static str, every: Millis) -> Self {
        Self { name, every, is_sync: false }
    }

    /// Of a method that is not `async`.
    #[must_use]
    pub const fn sync(self) -> Self {
        Self { is_sync: true, ..self }
    }
}

#[derive(Debug)]
struct Tick {
    info: TickInfo,
    last: Millis,
    is_running: bool,
    has_failed: bool,
}

/// The ticks of a room.
#[derive(Debug)]
pub(super) struct Ticks {
    room: Rc<str>,
    ticks: Vec<Tick>,
    is_started: bool,
    /// The next alarm that would start them again.
    restart: Option<Millis>,
}

impl Ticks {
    pub(super) fn new(room: Rc<str>, ticks: &[TickInfo]) -> Self {
        let tick = |info: &TickInfo| Tick { info: *info, last: 0, is_running: false, has_failed: false };
        Self { room, ticks: ticks.iter().map(tick).collect(), is_started: false, restart: None }
    }

    /// Starts them when someone is connected, and stops them when nobody is.
    pub(super) fn update(&mut self, is_empty: bool, step: &mut Step) {
        if self.ticks.is_empty() {
            return;
        }
        if self.is_started == is_empty {
            self.is_started = !is_empty;
            for (tick, state) in self.ticks.iter_mut().enumerate() {
                state.last = step.now;
                step.effect(Effect::SetTick { tick, every: self.is_started.then_some(state.info.every) });
            }
        }
        self.restart = self.is_started.then(|| self.restart.filter(|at| *at > step.now).unwrap_or(step.now + RESTART));
    }

    /// Their row in the room's timers.
    pub(super) fn timer(&self) -> (Timer, Option<Millis>) {
        (Timer::Tick, self.restart)
    }

    /// It is time for a tick: it runs, unless the last one still does.
    pub(super) fn run(&mut self, tick: usize, step: &mut Step) {
        let now = step.now;
        let is_started = self.is_started;
        let Some(state) = self.ticks.get_mut(tick).filter(|state| is_started && !state.is_running) else { return };
        let elapsed = Duration::from_millis(now.saturating_sub(state.last));
        (state.last, state.is_running) = (now, true);
        let job = Job::of_nobody(&self.room, now, JobKind::Tick { tick, elapsed });
        step.jobs.push(job.named(state.info.name));
    }

    /// A tick has ended. Returns whether its failure is to be logged: the first of several in a row.
    pub(super) fn ended(&mut self, tick: usize, has_failed: bool) -> bool {
        let Some(state) = self.ticks.get_mut(tick) else { return false };
        state.is_running = false;
        !std::mem::replace(&mut state.has_failed, has_failed) && has_failed
    }
}
