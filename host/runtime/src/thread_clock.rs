//! How much CPU time a piece of work took on its thread.
//!
//! To ask the system for a thread's CPU time is a call of it, of half a microsecond or more, and most
//! pieces take less than fifty. So what was over soon is counted by the clock on the wall, which
//! costs a tenth of that: a thread that lost the processor in the meantime is charged a little for
//! it. What took longer is asked for.

use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;

/// What is over sooner is counted by the clock on the wall, in nanoseconds.
const SHORT: u64 = 300_000;
/// How old what is known of a thread may be when a piece begins: so much of what the thread did
/// before may be charged to a piece that was interrupted, in nanoseconds.
const OLD: u64 = 2_000_000;

thread_local! {
    static KNOWN: Cell<Reading> = const { Cell::new(Reading { wall: 0, cpu: 0 }) };
}

/// What both clocks showed at one moment, in nanoseconds.
#[derive(Clone, Copy)]
struct Reading {
    wall: u64,
    cpu: u64,
}

/// A piece begins on this thread: returns what [`since`] wants to know, never 0.
pub(crate) fn begin() -> u64 {
    let wall = now(ClockId::Monotonic).max(1);
    if wall.saturating_sub(KNOWN.get().wall) > OLD {
        let cpu = now(ClockId::ThreadCPUTime);
        KNOWN.set(Reading { wall, cpu });
    }
    wall
}

/// What the piece took so far, in nanoseconds; and, if the system was asked, when: what comes after
/// is counted from there.
pub(crate) fn since(began: u64) -> (u64, Option<u64>) {
    let wall = now(ClockId::Monotonic);
    let elapsed = wall.saturating_sub(began);
    if elapsed < SHORT {
        return (elapsed, None);
    }
    let cpu = now(ClockId::ThreadCPUTime);
    let known = KNOWN.replace(Reading { wall, cpu });
    (cpu.saturating_sub(known.cpu).min(elapsed), Some(wall))
}

fn now(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000_000_000 + nanos
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    fn spin(time: Duration) {
        let began = Instant::now();
        while began.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    /// The thread's own clock, for comparison.
    fn cpu() -> u64 {
        now(ClockId::ThreadCPUTime)
    }

    #[test]
    fn work_counts_and_waiting_does_not() {
        let before = cpu();
        let began = begin();
        spin(Duration::from_millis(5));
        let (first, again) = since(began);
        // Waits for another thread, which works.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            spin(Duration::from_millis(20));
            sender.send(()).unwrap();
        });
        receiver.recv().unwrap();
        let (second, _) = since(again.expect("five milliseconds are long"));
        let real = cpu() - before;
        assert!(first + second <= real, "{first} + {second} of {real}");
        // Nearly all of it is what the two have seen, and what is charged wrongly is bounded.
        assert!(real - first - second < OLD, "{first} + {second} of {real}");
    }

    #[test]
    fn what_is_short_takes_what_the_clock_on_the_wall_says() {
        let (took, again) = since(begin());
        assert!(took < SHORT || again.is_some());
    }
}
