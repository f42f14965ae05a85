//! What a store counts, whatever its engine.

use std::time::Duration;

/// Upper bounds of the groups that [`StoreStats::group_sizes`] counts; what is bigger than the last
/// comes behind it.
pub const GROUP_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// What a store counted since it was opened by this process, and how big it is now. Counters never
/// go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Groups of writes committed: all of a group become durable together.
    pub commits: u64,
    /// Groups that could not be committed; everyone in them was told.
    pub commits_failed: u64,
    /// Writes in the groups committed.
    pub writes: u64,
    /// How many groups had so many writes: at most `GROUP_BOUNDS[n]`, and more than the one before.
    pub group_sizes: [u64; GROUP_BOUNDS.len() + 1],
    /// Time that the commits took, from the last write of a group until it was durable.
    pub commit_time: Duration,
    /// Times that the engine asked the disk to make bytes durable: of the log by commits, of log and
    /// file by checkpoints, of bodies that are files and of their folders.
    pub syncs: u64,
    /// Times that the log was brought into the file.
    pub checkpoints: u64,
    /// Pages that commits wrote to the log.
    pub pages_written: u64,
    /// Pages that reads found in memory.
    pub page_hits: u64,
    /// Pages that reads had to fetch from the file.
    pub page_misses: u64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// Bodies that are files. Counted by each run of `expire` and kept up to date in between.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
}
