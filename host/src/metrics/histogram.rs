//! How long things take: counts by duration, in atomics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds in microseconds: a small request takes 0.1 ms, a big report a second, an upload
/// minutes.
const BOUNDS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 2_500_000,
    10_000_000, 60_000_000,
];
const BUCKETS: usize = BOUNDS.len() + 1;

/// Counts durations.
#[derive(Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

/// A histogram as it was at one moment.
pub struct Distribution {
    buckets: [u64; BUCKETS],
    sum_us: u64,
}

impl Histogram {
    /// Counts one.
    pub fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Relaxed);
        }
        self.sum_us.fetch_add(micros, Relaxed);
    }

    /// Reads it.
    pub fn read(&self) -> Distribution {
        Distribution {
            buckets: self.buckets.each_ref().map(|bucket| bucket.load(Relaxed)),
            sum_us: self.sum_us.load(Relaxed),
        }
    }
}

impl Distribution {
    /// Nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.buckets.iter().all(|count| *count == 0)
    }

    /// Counts, each with its upper bound in seconds; none for the last.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let bounds = BOUNDS.iter().map(|us| Some(seconds(*us)));
        bounds.chain([None]).zip(self.buckets)
    }

    /// All durations together, in seconds.
    pub fn sum(&self) -> f64 {
        seconds(self.sum_us)
    }
}

/// Microseconds in the unit that metrics have.
pub(super) fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_bucket_below() {
        let histogram = Histogram::default();
        assert!(histogram.read().is_empty());
        for micros in [0, 250, 251, 60_000_000, 60_000_001] {
            histogram.add(Duration::from_micros(micros));
        }
        let read = histogram.read();
        let counts: Vec<u64> = read.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert!((read.sum() - 120.000_502).abs() < 1e-9);
        assert_eq!(read.buckets().next().unwrap().0, Some(0.00025));
        assert_eq!(read.buckets().last().unwrap().0, None);
    }
}
