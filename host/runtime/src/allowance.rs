//! What a tenant, or a module, may use, and the bucket that what it uses over time is taken from.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many seconds' worth of requests may come at once.
const BURST_SECONDS: f64 = 10.0;
const MINUTE_SECONDS: f64 = 60.0;

/// What a tenant, or a module, may use; none for no limit beyond those of all. Where a limit of the
/// tenant and one of the module meet, the tighter holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageLimits {
    /// Requests at once; more wait, and when too many do, are refused.
    pub requests: Option<usize>,
    /// Requests a second, on the average of ten; more are refused.
    pub rate: Option<u32>,
    /// CPU time of one request, which is ended then.
    pub cpu: Option<Duration>,
    /// CPU time a minute, of all requests together; when it is used up more are refused.
    pub cpu_minute: Option<Duration>,
    /// Memory of one instance, in bytes.
    pub memory: Option<usize>,
    /// The body of a request, in bytes; checked by whoever calls.
    pub body: Option<u64>,
}

/// What a tenant may use.
pub type TenantLimits = UsageLimits;
/// What a module may use, for all tenants together where it isn't for one request.
pub type ModuleLimits = UsageLimits;

/// An amount that is used and comes back with time. What is used may be known only afterwards, so
/// the rest may fall below nothing.
#[derive(Default)]
pub(crate) struct Bucket {
    /// Says the same as the level does: most have no limit, and every request asks.
    limited: AtomicBool,
    level: Mutex<Option<Level>>,
}

struct Level {
    rest: f64,
    full: f64,
    per_second: f64,
    when: Instant,
}

impl Bucket {
    /// So many a second; none for as many as wanted.
    pub(crate) fn limit_rate(&self, rate: Option<u32>) {
        let limit = rate.map(|rate| (f64::from(rate) * BURST_SECONDS, f64::from(rate)));
        self.limit(limit);
    }

    /// So much time a minute; none for as much as wanted.
    pub(crate) fn limit_minute(&self, time: Option<Duration>) {
        let limit = time.map(|time| (time.as_secs_f64(), time.as_secs_f64() / MINUTE_SECONDS));
        self.limit(limit);
    }

    /// Full at the first value, and growing by the second each second. What was used stays used.
    fn limit(&self, limit: Option<(f64, f64)>) {
        let mut level = self.level.lock();
        self.limited.store(limit.is_some(), Ordering::Relaxed);
        *level = limit.map(|(full, per_second)| {
            let used = level.as_ref().map_or(0.0, |level| level.full - level.rest);
            Level {
                rest: full - used,
                full,
                per_second,
                when: Instant::now(),
            }
        });
    }

    /// Takes an amount, if there is anything; otherwise says when there will be.
    pub(crate) fn take(&self, amount: f64) -> Result<(), Duration> {
        if !self.limited.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.take_at(amount, Instant::now())
    }

    fn take_at(&self, amount: f64, now: Instant) -> Result<(), Duration> {
        let mut level = self.level.lock();
        let Some(level) = &mut *level else {
            return Ok(());
        };
        level.refill(now);
        if level.rest > 0.0 {
            level.rest -= amount;
            return Ok(());
        }
        let seconds = -level.rest / level.per_second;
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Err(wait.max(Duration::from_millis(1)))
    }

    /// Takes an amount that was used already.
    pub(crate) fn charge(&self, amount: f64) {
        if !self.limited.load(Ordering::Relaxed) {
            return;
        }
        if let Some(level) = &mut *self.level.lock() {
            level.refill(Instant::now());
            level.rest -= amount;
        }
    }
}

impl Level {
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.when).as_secs_f64();
        self.rest = (self.rest + passed * self.per_second).min(self.full);
        self.when = now;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_comes_back_with_time() {
        let bucket = Bucket::default();
        let now = Instant::now();
        assert!(bucket.take_at(1e9, now).is_ok(), "there is no limit");
        bucket.limit_rate(Some(2));
        let now = Instant::now();
        let taken = (0..100).filter(|_| bucket.take_at(1.0, now).is_ok());
        assert_eq!(taken.count(), 20);
        let later = now + Duration::from_secs(3);
        let taken = (0..100).filter(|_| bucket.take_at(1.0, later).is_ok());
        assert_eq!(taken.count(), 6);
    }

    #[test]
    fn who_has_used_more_than_there_is_waits_until_it_is_paid_back() {
        let bucket = Bucket::default();
        bucket.limit_minute(Some(Duration::from_secs(30)));
        bucket.charge(40.0);
        let wait = bucket.take(0.0).unwrap_err();
        assert!((19.0..=20.0).contains(&wait.as_secs_f64()), "{wait:?}");
        // Another limit forgives nothing, and none forgives all.
        bucket.limit_minute(Some(Duration::from_secs(60)));
        assert!(bucket.take(0.0).is_ok());
        bucket.limit_minute(Some(Duration::from_secs(20)));
        assert!(bucket.take(0.0).is_err());
        bucket.limit_minute(None);
        assert!(bucket.take(0.0).is_ok());
    }
}
