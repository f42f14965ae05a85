//! Where guests run: first on the thread of whoever asks, for as long as one slice; then on threads
//! of their own, which give way to all others, in slices that go round the tenants.

use crate::RuntimeError;
use crate::gate::Gate;
use crate::priority;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The threads that guests run on once their first slice is over.
pub(crate) struct Guests(Option<tokio::runtime::Runtime>);

/// The places on threads where guests may run.
pub(crate) struct Places {
    /// Runs tasks on the guests' threads.
    pub(crate) threads: tokio::runtime::Handle,
    /// Slices on those threads: as many at once as there are threads.
    pub(crate) slices: Arc<Gate>,
    /// Callers' threads that run a guest now, and how many may.
    /// All the callers' threads may be at a first slice at the same time, which is over after a
    /// tick; a thread more, to be free then, cost every request more than it saved, because it is
    /// woken in vain.
    callers: AtomicUsize,
    callers_max: usize,
    /// Threads that there are, of which the slices may be fewer.
    pub(crate) threads_max: usize,
}

impl Guests {
    pub(crate) fn start(threads: usize) -> Result<(Self, Places), RuntimeError> {
        let threads = threads.max(1);
        let threads_max = threads.max(processors());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads_max)
            .thread_name("guest")
            .on_thread_start(priority::give_way)
            .enable_all()
            .build()
            .map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let places = Places {
            threads: runtime.handle().clone(),
            slices: Gate::new(threads, usize::MAX),
            callers: AtomicUsize::new(0),
            callers_max: processors(),
            threads_max,
        };
        Ok((Self(Some(runtime)), places))
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        // Waiting for guests is not possible on a thread that runs tasks itself.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Places {
    /// Lets a guest run on this thread, unless too many do so on theirs.
    pub(crate) fn sit(&self) -> Option<Seat<'_>> {
        let seat = Seat(&self.callers);
        let before = self.callers.fetch_add(1, Ordering::Relaxed);
        (before < self.callers_max).then_some(seat)
    }
}

/// A guest runs on a caller's thread.
pub(crate) struct Seat<'a>(&'a AtomicUsize);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A guest on every processor: more would only take turns.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
