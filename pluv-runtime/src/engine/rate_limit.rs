//! The rate limit of one connection.

use crate::protocol::Millis;

const NANOS: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Burst, in seconds of the sustained rate: what a client sends at once after its network, or the room, was away for a
/// moment.
const BURST: u64 = 2;

/// Smallest burst, in messages: a client joins with three.
const MIN_BURST: u64 = 10;

/// Cost of a rejected message, in nanoseconds: each is answered with an `$error`, and no client needs more than a hundred of
/// these a second.
const REJECTION: u64 = NANOS / 100;

/// A leaky bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateLimiter {
    /// Fill level: the nanoseconds until the bucket is empty.
    nanos: u64,
    /// Time of the last message.
    last: Millis,
}

impl RateLimiter {
    /// Counts a message, and returns whether it exceeds the limit.
    pub(crate) fn exceeds(&mut self, now: Millis, per_second: u64) -> bool {
        let each = NANOS / per_second;
        // A clock that was set back counts as no time.
        let elapsed = now.saturating_sub(std::mem::replace(&mut self.last, now));
        self.nanos = self.nanos.saturating_sub(elapsed.saturating_mul(NANOS_PER_MILLI));
        if self.nanos >= (BURST * NANOS).max(MIN_BURST * each) {
            return true;
        }
        self.nanos += each;
        false
    }

    /// Takes back the last message.
    pub(crate) fn refund(&mut self, per_second: u64) {
        self.nanos = self.nanos.saturating_sub(NANOS / per_second);
    }

    /// Counts the last message as rejected.
    pub(crate) fn reject(&mut self, per_second: u64) {
        self.nanos += REJECTION.saturating_sub(NANOS / per_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of messages that pass at one time.
    fn at_once(limiter: &mut RateLimiter, now: Millis, per_second: u64) -> u64 {
        (0..).find(|_| limiter.exceeds(now, per_second)).unwrap_or_default()
    }

    #[test]
    fn burst_is_two_seconds_of_the_rate() {
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 100), 200);
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 1_000_000), 2_000_000);
    }

    #[test]
    fn join_passes_at_the_lowest_rate() {
        assert_eq!(at_once(&mut RateLimiter::default(), 1_000, 1), 10);
    }

    #[test]
    fn sustained_rate_never_exceeds_the_limit() {
        let mut limiter = RateLimiter::default();
        for second in 0..100 {
            assert!((0..100).all(|index| !limiter.exceeds(1_000 * second + 10 * index, 100)));
        }
    }

    #[test]
    fn twice_the_rate_exceeds_the_limit() {
        let mut limiter = RateLimiter::default();
        let sent = (0..).find(|index| limiter.exceeds(index * 5, 100));
        assert_eq!(sent, Some(400), "half of it drains meanwhile");
    }

    #[test]
    fn pause_refills_the_burst() {
        let mut limiter = RateLimiter::default();
        at_once(&mut limiter, 1_000, 100);
        assert_eq!(at_once(&mut limiter, 1_500, 100), 50);
    }

    #[test]
    fn rejected_messages_cost_more() {
        let mut limiter = RateLimiter::default();
        let faults = (0..).find(|_| {
            let exceeds = limiter.exceeds(1_000, 1_000);
            limiter.reject(1_000);
            exceeds
        });
        assert_eq!(faults, Some(200));
    }

    #[test]
    fn clock_set_back_neither_exceeds_nor_refills() {
        for back in [1, 1_999, 2_000, 2_005, 9_000_000] {
            let mut limiter = RateLimiter::default();
            assert!((0..150).all(|_| !limiter.exceeds(10_000_000, 100)));
            assert_eq!(at_once(&mut limiter, 10_000_000 - back, 100), 50);
        }
    }
}
