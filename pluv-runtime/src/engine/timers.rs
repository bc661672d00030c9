//! The timers of a room, which share the object's one alarm.

use std::collections::BTreeMap;

use super::step::{Effect, Step};
use crate::protocol::Millis;

/// Time that a hook may take before it is aborted, in milliseconds.
pub(crate) const HOOK_TIMEOUT: Millis = 30_000;

/// First delay before a failed hook runs again, in milliseconds; each failure doubles it, up to [`MAX_RETRY_DELAY`].
pub(super) const RETRY_DELAY: Millis = 10_000;
const MAX_RETRY_DELAY: Millis = 3_600_000;

/// The delay before the next attempt after so many failures, in milliseconds.
pub(super) fn retry_delay(failures: u32) -> Millis {
    RETRY_DELAY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_RETRY_DELAY)
}

/// A row of the table. All are durable: they wake a room that hibernates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Check for idle connections.
    IdleCheck,
    /// Run `on_storage_updated`.
    StorageUpdated,
    /// Run `on_room_deleted`, and delete the document.
    Deletion,
    /// Read the rows of the document's hooks again, which could not be read.
    Reload,
    /// Run tasks.
    Task,
    /// Start the ticks of a room again that was lost while they ran.
    Tick,
}

/// The rows with their deadlines, and the alarm that is set for the first one.
#[derive(Debug, Default)]
pub(super) struct Timers {
    rows: BTreeMap<Timer, Millis>,
    alarm: Alarm,
    /// Whether a row has changed since the alarm was last set.
    is_changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alarm {
    /// It is set for this time, or not set.
    Known(Option<Millis>),
    /// It was set before the room hibernated, unless the platform has given up on it.
    Unknown,
    /// The platform was asked.
    Reading,
}

impl Default for Alarm {
    fn default() -> Self {
        Self::Known(None)
    }
}

impl Timers {
    /// Sets or clears a row, and makes sure that the alarm is set as the rows say.
    pub(super) fn set(&mut self, timer: Timer, due: Option<Millis>) {
        self.update([(timer, due)]);
        self.is_changed = true;
    }

    /// Sets or clears rows.
    pub(super) fn update(&mut self, rows: impl IntoIterator<Item = (Timer, Option<Millis>)>) {
        for (timer, due) in rows {
            let before = match due {
                Some(due) => self.rows.insert(timer, due),
                None => self.rows.remove(&timer),
            };
            self.is_changed |= before != due;
        }
    }

    /// A row that was read, for which the alarm was set when it was written.
    pub(super) fn restore(&mut self, timer: Timer, due: Option<Millis>) {
        self.rows.extend(due.map(|due| (timer, due)));
    }

    /// The room does not know for which time the alarm is set: it was rebuilt, or the alarm could not be set.
    pub(super) fn forget_alarm(&mut self) {
        self.alarm = Alarm::Unknown;
    }

    /// Asks for the alarm, if the room does not know it and has connections that depend on it.
    pub(super) fn read_alarm(&mut self, step: &mut Step) {
        if self.alarm == Alarm::Unknown {
            self.alarm = Alarm::Reading;
            step.effect(Effect::ReadAlarm);
        }
    }

    /// The platform's answer. An alarm that was set serves to check for idle connections, as every alarm does; `idle` is
    /// the limit to use if there was none.
    pub(super) fn alarm_read(&mut self, now: Millis, alarm: Option<Millis>, idle: Millis) {
        if self.alarm == Alarm::Reading {
            self.alarm = Alarm::Known(alarm);
            self.set(Timer::IdleCheck, Some(alarm.unwrap_or(now + idle)));
        }
    }

    /// The alarm went off. Returns the time it was set for, as far as is known.
    pub(super) fn alarm_fired(&mut self) -> Option<Millis> {
        self.is_changed = true;
        match std::mem::take(&mut self.alarm) {
            Alarm::Known(due) => due,
            Alarm::Unknown | Alarm::Reading => None,
        }
    }

    /// Whether the alarm may have to be set anew.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Sets the alarm to the first deadline, at the end of a step. `idle` is the limit for connections, if there are any.
    pub(super) fn update_alarm(&mut self, idle: Option<Millis>, step: &mut Step) {
        self.is_changed = false;
        if let Some(idle) = idle {
            self.rows.entry(Timer::IdleCheck).or_insert(step.now + idle);
        }
        let due = self.rows.values().min().copied();
        if self.alarm != Alarm::Known(due) {
            self.alarm = Alarm::Known(due);
            step.effect(Effect::SetAlarm(due));
        }
    }
}
