//! Faults on purpose: errors and delays, seeded, so that a failing test fails again.
//!
//! [`Faults`] act inside the embedded engine, where the disk would; [`FaultyStore`] stands before
//! any engine.

mod store;

use crate::store::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use store::FaultyStore;

/// Faults inside an engine's writer.
#[derive(Debug, Default)]
pub struct Faults {
    /// Each commit takes so much longer, as with a slow disk.
    pub commit_delay: Duration,
    /// One commit of so many fails; 0 for none.
    pub commit_fails_every: u64,
    /// One change of so many fails; 0 for none.
    pub change_fails_every: u64,
    /// The call to the disk or the database, of all those that may fail, that does; 0 for none.
    pub fails_at: u64,
    commits: AtomicU64,
    changes: AtomicU64,
    calls: AtomicU64,
}

impl Faults {
    /// Delays every commit.
    pub fn slow(commit_delay: Duration) -> Self {
        Self {
            commit_delay,
            ..Self::default()
        }
    }

    /// Fails one commit and one change of so many.
    pub fn failing(commit_fails_every: u64, change_fails_every: u64) -> Self {
        Self {
            commit_fails_every,
            change_fails_every,
            ..Self::default()
        }
    }

    /// Fails one call, and none after it.
    pub fn once(fails_at: u64) -> Self {
        Self {
            fails_at,
            ..Self::default()
        }
    }

    /// Passed before each call to the disk or the database that may fail.
    pub(crate) fn before(&self, what: &str) -> Result<(), Error> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        match number == self.fails_at {
            true => Err(Error::Unavailable(format!(
                "a fault in {what}, call {number}, on purpose"
            ))),
            false => Ok(()),
        }
    }

    pub(crate) fn before_commit(&self) -> Result<(), Error> {
        if !self.commit_delay.is_zero() {
            std::thread::sleep(self.commit_delay);
        }
        self.before("a commit")?;
        strike(&self.commits, self.commit_fails_every, "commit")
    }

    pub(crate) fn before_change(&self) -> Result<(), Error> {
        self.before("a change")?;
        strike(&self.changes, self.change_fails_every, "change")
    }
}

fn strike(count: &AtomicU64, every: u64, what: &str) -> Result<(), Error> {
    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
    if every > 0 && number.is_multiple_of(every) {
        return Err(Error::Unavailable(format!(
            "a fault in {what} {number}, on purpose"
        )));
    }
    Ok(())
}
