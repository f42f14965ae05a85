//! What an instance may use: memory, tables, and CPU time.

use crate::instance::Bounds;
use crate::thread_clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use wasmtime::ResourceLimiter;

/// Most elements of a table: functions that can be called indirectly.
pub(crate) const TABLE_MAX: usize = 100_000;
/// Most core instances, memories and tables of one component.
pub(crate) const CORES_MAX: usize = 16;

/// What any instance may use, as the operator has it now.
#[derive(Clone)]
pub(crate) struct Ceiling(Arc<(AtomicUsize, AtomicU64)>);

impl Ceiling {
    /// So many bytes of memory, and so much CPU time of a request.
    pub(crate) fn new(memory_max: usize, cpu_max: Duration) -> Self {
        let ceiling = (AtomicUsize::new(memory_max), AtomicU64::new(nanos(cpu_max)));
        Self(Arc::new(ceiling))
    }

    /// Changes it for instances and requests that begin from now on.
    pub(crate) fn set(&self, memory_max: usize, cpu_max: Duration) {
        self.0.0.store(memory_max, Ordering::Relaxed);
        self.0.1.store(nanos(cpu_max), Ordering::Relaxed);
    }

    /// What it is.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            memory_max: self.0.0.load(Ordering::Relaxed),
            cpu_max: Duration::from_nanos(self.0.1.load(Ordering::Relaxed)),
        }
    }
}

/// The guest ran out of its CPU time.
#[derive(Debug, thiserror::Error)]
#[error("out of CPU time")]
pub(crate) struct OutOfTime;

/// Memory and tables of one instance.
pub(crate) struct Limits {
    memory_max: usize,
    /// All its memories together.
    memory: usize,
    /// More was wanted than allowed.
    pub(crate) exceeded: bool,
}

impl Limits {
    pub(crate) fn new(memory_max: usize) -> Self {
        Self {
            memory_max,
            memory: 0,
            exceeded: false,
        }
    }

    /// Bytes of memory that the instance has now.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_sub(current).saturating_add(desired);
        if wanted > self.memory_max {
            self.exceeded = true;
            return Ok(false);
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_MAX {
            self.exceeded = true;
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORES_MAX
    }

    fn tables(&self) -> usize {
        CORES_MAX
    }

    fn memories(&self) -> usize {
        CORES_MAX
    }
}

/// CPU time that a request has used: that of the thread while the guest's future is polled, so
/// neither waiting nor other requests count; as near as [`thread_clock`] comes.
pub(crate) struct Meter {
    /// How much the request may use, in nanoseconds.
    max: u64,
    /// Nanoseconds of the polls that have ended.
    ended: AtomicU64,
    /// When the poll began that is running, or was looked at last; 0 if none is.
    began: AtomicU64,
    /// What had been used when the slice began.
    slice_from: AtomicU64,
    /// How long the slice is; 0 for up to the next tick.
    slice: AtomicU64,
    /// The guest has yielded because its slice was used up.
    spent: AtomicBool,
    /// What was charged to an account.
    paid: AtomicU64,
}

/// What a guest that is interrupted does.
pub(crate) enum Interrupted {
    /// It goes on until the next tick.
    GoesOn,
    /// Its slice is used up: it makes room for others.
    Yields,
    /// Its time is used up: it ends.
    Ends,
}

impl Meter {
    pub(crate) fn new(max: Duration) -> Arc<Self> {
        Arc::new(Self {
            max: nanos(max),
            ended: AtomicU64::new(0),
            began: AtomicU64::new(0),
            slice_from: AtomicU64::new(0),
            slice: AtomicU64::new(0),
            spent: AtomicBool::new(false),
            paid: AtomicU64::new(0),
        })
    }

    /// How much the request may use.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// How much was used so far. While a poll runs, only its own thread may ask.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used_nanos())
    }

    fn used_nanos(&self) -> u64 {
        let ended = self.ended.load(Ordering::Relaxed);
        let began = self.began.load(Ordering::Relaxed);
        if began == 0 {
            return ended;
        }
        let (running, looked) = thread_clock::since(began);
        if let Some(looked) = looked {
            self.ended.store(ended + running, Ordering::Relaxed);
            self.began.store(looked, Ordering::Relaxed);
        }
        ended + running
    }

    /// A slice of this length begins; between polls.
    pub(crate) fn begin_slice(&self, slice: Duration) {
        self.slice.store(nanos(slice), Ordering::Relaxed);
        let used = self.ended.load(Ordering::Relaxed);
        self.slice_from.store(used, Ordering::Relaxed);
        self.spent.store(false, Ordering::Relaxed);
    }

    /// Whether the guest has yielded because its slice was used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    /// Returns what was used since it was asked last, in nanoseconds; between polls.
    pub(crate) fn unpaid(&self) -> u64 {
        let used = self.ended.load(Ordering::Relaxed);
        used.saturating_sub(self.paid.swap(used, Ordering::Relaxed))
    }

    /// The clock has ticked while the guest ran.
    pub(crate) fn interrupt(&self) -> Interrupted {
        let used = self.used_nanos();
        if used > self.max {
            return Interrupted::Ends;
        }
        let of_slice = used.saturating_sub(self.slice_from.load(Ordering::Relaxed));
        // A tick that comes soon after the beginning says nothing.
        if of_slice < self.slice.load(Ordering::Relaxed) {
            return Interrupted::GoesOn;
        }
        self.spent.store(true, Ordering::Relaxed);
        Interrupted::Yields
    }

    fn begin(&self) {
        self.began.store(thread_clock::begin(), Ordering::Relaxed);
    }

    fn end(&self) {
        self.ended.store(self.used_nanos(), Ordering::Relaxed);
        self.began.store(0, Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Runs a future; its polls, and nothing around them, are counted by the meter.
pub(crate) async fn metered<F: Future>(meter: &Meter, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        meter.begin();
        let poll = future.as_mut().poll(cx);
        meter.end();
        poll
    })
    .await
}
