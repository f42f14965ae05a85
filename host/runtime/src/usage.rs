//! What is counted of each module for each tenant.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the histogram's steps, in microseconds; what is longer is in one step more.
pub const QUEUE_STEPS_US: [u64; 8] = [
    100, 1_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
];
const STEPS: usize = QUEUE_STEPS_US.len() + 1;

/// What one module has used for one tenant since the runtime started. Whatever only rises goes on
/// over reloads of either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The tenant; empty for what is done for nobody in particular.
    pub tenant: String,
    /// The module.
    pub module: String,
    /// Requests that came, other calls into the module among them.
    pub requests: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that trapped.
    pub trapped: u64,
    /// Those that were ended because they ran too long.
    pub deadline: u64,
    /// Those that were ended because they wanted too much memory.
    pub memory: u64,
    /// Those that were given up by who had asked.
    pub abandoned: u64,
    /// Those that were refused because too many wait, or there is no room for an instance.
    pub busy: u64,
    /// Those that were refused because too many came.
    pub over_rate: u64,
    /// Those that were refused because the CPU time a minute was used up.
    pub over_cpu: u64,
    /// Those that were refused because the module keeps trapping.
    pub backed_off: u64,
    /// CPU time of guests and of what the host does for them on their threads.
    pub cpu: Duration,
    /// Time that requests waited for room for an instance, and how many waited how long: each step
    /// has those that waited no longer than its bound, and longer than the bound before.
    pub queued: Duration,
    /// See `QUEUE_STEPS_US`.
    pub queued_steps: [u64; STEPS],
    /// Instances that were made.
    pub instances_made: u64,
    /// Instances that there are.
    pub instances_alive: u64,
    /// Those of them that wait for the next request of whom they serve.
    pub instances_warm: u64,
    /// Requests that ended on the thread of who had asked.
    pub ended_here: u64,
    /// Requests that were moved to the guests' threads.
    pub moved: u64,
    /// How long the module is still left alone, if it keeps trapping.
    pub pause: Option<Duration>,
}

/// The counters behind [`Usage`].
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) requests: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) trapped: AtomicU64,
    pub(crate) deadline: AtomicU64,
    pub(crate) memory: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) over_rate: AtomicU64,
    pub(crate) over_cpu: AtomicU64,
    pub(crate) backed_off: AtomicU64,
    /// In nanoseconds.
    pub(crate) cpu: AtomicU64,
    /// In microseconds.
    queued: AtomicU64,
    queued_steps: [AtomicU64; STEPS],
    pub(crate) instances_made: AtomicU64,
    pub(crate) instances_gone: AtomicU64,
    pub(crate) ended_here: AtomicU64,
    pub(crate) moved: AtomicU64,
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn queued(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        // Most did not wait, and an addition costs even if it adds nothing.
        if micros > 0 {
            self.queued.fetch_add(micros, Ordering::Relaxed);
        }
        let step = QUEUE_STEPS_US.partition_point(|bound| *bound < micros);
        if let Some(step) = self.queued_steps.get(step) {
            count(step);
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (gone, made) = (of(&self.instances_gone), of(&self.instances_made));
        Usage {
            requests: of(&self.requests),
            answered: of(&self.answered),
            trapped: of(&self.trapped),
            deadline: of(&self.deadline),
            memory: of(&self.memory),
            abandoned: of(&self.abandoned),
            busy: of(&self.busy),
            over_rate: of(&self.over_rate),
            over_cpu: of(&self.over_cpu),
            backed_off: of(&self.backed_off),
            cpu: Duration::from_nanos(of(&self.cpu)),
            queued: Duration::from_micros(of(&self.queued)),
            queued_steps: self.queued_steps.each_ref().map(of),
            instances_made: made,
            instances_alive: made.saturating_sub(gone),
            ended_here: of(&self.ended_here),
            moved: of(&self.moved),
            ..Usage::default()
        }
    }
}
