//! Scheduled tasks, as handlers see them.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::Handlers;
use crate::protocol::Millis;

/// The input of a task of the room `R`, by which [`TaskContext::schedule`](crate::TaskContext::schedule) knows the task.
///
/// `#[pluv::room]` on an impl implements it for the input of each `#[task]`.
#[diagnostic::on_unimplemented(
    message = "the room `{R}` has no task that takes `{Self}`",
    label = "write `#[task] fn name(&self, cx: &TaskContext, input: {Self})` in the room's impl"
)]
pub trait TaskInput<R: Handlers>: Serialize + DeserializeOwned + 'static {
    /// The task's name in the table.
    const TASK: &'static str;
}

/// A time to schedule a task at: a [`Duration`] from now, [`At`] a time, or a [`worker::Date`].
pub trait When {
    /// The time, in milliseconds since the Unix epoch.
    fn due(self, now: Millis) -> Millis;
}

impl When for Duration {
    fn due(self, now: Millis) -> Millis {
        now.saturating_add(self.as_millis().try_into().unwrap_or(Millis::MAX))
    }
}

/// A time, in milliseconds since the Unix epoch, as [`TaskContext::now`](crate::TaskContext::now) tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Millis);

impl When for At {
    fn due(self, _now: Millis) -> Millis {
        self.0
    }
}

impl When for worker::Date {
    fn due(self, _now: Millis) -> Millis {
        self.as_millis()
    }
}

/// A task to run, for the expansion of `#[pluv::room]`.
#[derive(Clone, Copy, Debug)]
pub struct TaskCall<'a> {
    pub(super) name: &'a str,
    pub(super) input: &'a str,
}

impl<'a> TaskCall<'a> {
    /// The task's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its input, as JSON.
    #[must_use]
    pub fn input(&self) -> &'a str {
        self.input
    }
}
