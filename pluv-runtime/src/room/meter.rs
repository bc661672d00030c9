//! How fast a connection sends.

use super::Millis;

const NANOS: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// How much may come at once, in seconds of what may come steadily: what a client has to say when its network, or the
/// room, was away for a moment.
const BURST: u64 = 2;

/// How many messages may come at once, however few may come steadily: a client joins with three.
const LEAST_BURST: u64 = 10;

/// What a frame that is refused counts for, in nanoseconds: each is answered with an `$error`, of which nobody needs more
/// than a hundred a second.
const FAULT: u64 = NANOS / 100;

/// A bucket that leaks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    /// What is in it, in nanoseconds that it takes to flow off.
    nanos: u64,
    /// When something last came.
    last: Millis,
}

impl Meter {
    /// Counts a message, and says whether it is one too many.
    pub(crate) fn message(&mut self, now: Millis, per_second: u64) -> bool {
        let each = NANOS / per_second;
        // Of a clock that was set back nothing is known but that no time has gone by.
        let gone = now.saturating_sub(std::mem::replace(&mut self.last, now));
        self.nanos = self.nanos.saturating_sub(gone.saturating_mul(NANOS_PER_MILLI));
        if self.nanos >= (BURST * NANOS).max(LEAST_BURST * each) {
            return true;
        }
        self.nanos += each;
        false
    }

    /// Takes back that the last message was counted.
    pub(crate) fn forgive(&mut self, per_second: u64) {
        self.nanos = self.nanos.saturating_sub(NANOS / per_second);
    }

    /// Counts that the last message was refused.
    pub(crate) fn fault(&mut self, per_second: u64) {
        self.nanos += FAULT.saturating_sub(NANOS / per_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many messages come through that come at the same time.
    fn at_once(meter: &mut Meter, now: Millis, per_second: u64) -> u64 {
        (0..).find(|_| meter.message(now, per_second)).unwrap_or_default()
    }

    #[test]
    fn two_seconds_worth_may_come_at_once() {
        assert_eq!(at_once(&mut Meter::default(), 1_000, 100), 200);
        assert_eq!(at_once(&mut Meter::default(), 1_000, 1_000_000), 2_000_000);
    }

    #[test]
    fn a_client_can_join_however_little_it_may_send() {
        assert_eq!(at_once(&mut Meter::default(), 1_000, 1), 10);
    }

    #[test]
    fn what_comes_steadily_is_never_too_much() {
        let mut meter = Meter::default();
        for second in 0..100 {
            assert!((0..100).all(|index| !meter.message(1_000 * second + 10 * index, 100)));
        }
    }

    #[test]
    fn what_is_faster_is_too_much_before_long() {
        let mut meter = Meter::default();
        let sent = (0..).find(|index| meter.message(index * 5, 100));
        assert_eq!(sent, Some(400), "half of it flows off meanwhile");
    }

    #[test]
    fn a_pause_makes_room() {
        let mut meter = Meter::default();
        at_once(&mut meter, 1_000, 100);
        assert_eq!(at_once(&mut meter, 1_500, 100), 50);
    }

    #[test]
    fn what_is_refused_counts_for_more() {
        let mut meter = Meter::default();
        let faults = (0..).find(|_| {
            let is_flood = meter.message(1_000, 1_000);
            meter.fault(1_000);
            is_flood
        });
        assert_eq!(faults, Some(200));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_flood_and_hides_none() {
        for back in [1, 1_999, 2_000, 2_005, 9_000_000] {
            let mut meter = Meter::default();
            assert!((0..150).all(|_| !meter.message(10_000_000, 100)));
            assert_eq!(at_once(&mut meter, 10_000_000 - back, 100), 50);
        }
    }
}
