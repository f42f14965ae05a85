//! What an instance may use: memory, tables, and CPU time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wasmtime::ResourceLimiter;

/// Most elements of a table: functions that can be called indirectly.
pub(crate) const TABLE_MAX: usize = 100_000;
/// Most core instances, memories and tables of one component.
pub(crate) const CORES_MAX: usize = 16;

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
/// neither waiting nor other requests count.
#[derive(Default)]
pub(crate) struct Meter {
    /// Nanoseconds of the polls that have ended.
    ended: AtomicU64,
    /// The thread's clock when the poll began that is running; 0 if none is.
    began: AtomicU64,
}

impl Meter {
    /// How much was used so far. While a poll runs, only its own thread may ask.
    pub(crate) fn used(&self) -> Duration {
        let ended = self.ended.load(Ordering::Relaxed);
        let running = match self.began.load(Ordering::Relaxed) {
            0 => 0,
            began => thread_time().saturating_sub(began),
        };
        Duration::from_nanos(ended + running)
    }

    fn begin(&self) {
        self.began.store(thread_time().max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        let used = self.used();
        let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        self.ended.store(nanos, Ordering::Relaxed);
        self.began.store(0, Ordering::Relaxed);
    }
}

/// CPU time of this thread, in nanoseconds.
fn thread_time() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000_000_000 + nanos
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
