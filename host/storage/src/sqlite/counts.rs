//! Counters of the embedded engine, shared by whoever has something to count.

use crate::stats::{GROUP_BOUNDS, StoreStats};
use rusqlite::{Connection, ffi};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

/// Plain counters: reading them takes no lock, and no two of them belong together.
#[derive(Default)]
pub(super) struct Counts {
    commits: AtomicU64,
    commits_failed: AtomicU64,
    writes: AtomicU64,
    group_sizes: [AtomicU64; GROUP_BOUNDS.len() + 1],
    commit_micros: AtomicU64,
    syncs: AtomicU64,
    checkpoints: AtomicU64,
    pages_written: AtomicU64,
    page_hits: AtomicU64,
    page_misses: AtomicU64,
    blobs: AtomicU64,
    blob_bytes: AtomicU64,
}

impl Counts {
    /// A group was committed on this connection.
    pub(super) fn committed(&self, db: &Connection, writes: usize, took: Duration) {
        let writes = writes as u64;
        // Whoever sees the count sees what was committed.
        self.commits.fetch_add(1, Release);
        self.writes.fetch_add(writes, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.fetch_add(micros, Relaxed);
        let class = GROUP_BOUNDS.partition_point(|bound| *bound < writes);
        if let Some(count) = self.group_sizes.get(class) {
            count.fetch_add(1, Relaxed);
        }
        // What changed nothing is not written to the log, which then needs no sync.
        let pages = take_status(db, ffi::SQLITE_DBSTATUS_CACHE_WRITE);
        self.pages_written.fetch_add(pages, Relaxed);
        self.synced(u64::from(pages > 0));
    }

    /// How many groups were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Acquire)
    }

    /// A group could not be committed.
    pub(super) fn failed(&self) {
        self.commits_failed.fetch_add(1, Relaxed);
    }

    /// The disk was asked so often to make bytes durable.
    pub(super) fn synced(&self, times: u64) {
        self.syncs.fetch_add(times, Relaxed);
    }

    /// A checkpoint brought pages into the file: the log is synced before, and the file after if all
    /// of the log is in it.
    pub(super) fn checkpointed(&self, whole: bool) {
        self.checkpoints.fetch_add(1, Relaxed);
        self.synced(1 + u64::from(whole));
    }

    /// A body came into its place.
    pub(super) fn blob_came(&self, bytes: u64) {
        self.blobs.fetch_add(1, Relaxed);
        self.blob_bytes.fetch_add(bytes, Relaxed);
    }

    /// A body was removed.
    pub(super) fn blob_went(&self, bytes: u64) {
        let less = |count: &AtomicU64, by: u64| {
            // What another process put was not counted yet.
            let _ = count.fetch_update(Relaxed, Relaxed, |now| Some(now.saturating_sub(by)));
        };
        less(&self.blobs, 1);
        less(&self.blob_bytes, bytes);
    }

    /// The bodies were counted.
    pub(super) fn blobs_are(&self, blobs: u64, bytes: u64) {
        self.blobs.store(blobs, Relaxed);
        self.blob_bytes.store(bytes, Relaxed);
    }

    /// Adds what a connection found in its cache, and not, since it was last asked.
    pub(super) fn pages_of(&self, db: &Connection) {
        for (status, count) in [
            (ffi::SQLITE_DBSTATUS_CACHE_HIT, &self.page_hits),
            (ffi::SQLITE_DBSTATUS_CACHE_MISS, &self.page_misses),
        ] {
            count.fetch_add(take_status(db, status), Relaxed);
        }
    }

    pub(super) fn read(&self) -> StoreStats {
        StoreStats {
            commits: self.commits.load(Relaxed),
            commits_failed: self.commits_failed.load(Relaxed),
            writes: self.writes.load(Relaxed),
            group_sizes: std::array::from_fn(|class| {
                let count = self.group_sizes.get(class);
                count.map_or(0, |count| count.load(Relaxed))
            }),
            commit_time: Duration::from_micros(self.commit_micros.load(Relaxed)),
            syncs: self.syncs.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            pages_written: self.pages_written.load(Relaxed),
            page_hits: self.page_hits.load(Relaxed),
            page_misses: self.page_misses.load(Relaxed),
            blobs: self.blobs.load(Relaxed),
            blob_bytes: self.blob_bytes.load(Relaxed),
            ..StoreStats::default()
        }
    }
}

/// Reads a counter of a connection and sets it to nothing. https://www.sqlite.org/c3ref/db_status.html
fn take_status(db: &Connection, status: i32) -> u64 {
    let (mut now, mut highest) = (0, 0);
    // SAFETY: the handle is that of a connection which lives through the call and is used by no
    // other thread meanwhile (`Connection` is not Sync); SQLite writes two integers and keeps
    // neither pointer.
    #[allow(unsafe_code)]
    let code = unsafe { ffi::sqlite3_db_status(db.handle(), status, &mut now, &mut highest, 1) };
    if code == ffi::SQLITE_OK {
        u64::try_from(now).unwrap_or(0)
    } else {
        0
    }
}
