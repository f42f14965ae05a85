//! Bringing the write-ahead log back into the file, off the path of commits.

use super::counts::Counts;
use super::schema;
use crate::store::Error;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// At this size a thread of its own copies the log into the file, beside readers and the writer.
const LOG_BYTES: u64 = 16 << 20;
/// So much more is written before the next attempt, when readers were in the way of one.
const RETRY_BYTES: u64 = 4 << 20;
/// How long the writer waits for readers who still need the log. They take milliseconds; one that
/// holds on longer is another program's, and must not stop writes.
const READERS_WAIT: Duration = Duration::from_millis(20);

/// How far a checkpoint is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// None is due before the log has so many bytes.
    Rest(u64),
    /// The thread is to copy the log into the file.
    Copy,
    /// The writer is to copy what came since then, and cut the log to nothing.
    Cut,
    /// The store closes.
    Closed,
}

/// The thread that takes checkpoints.
pub(super) struct Checkpointer {
    log: PathBuf,
    counts: Arc<Counts>,
    stage: Mutex<Stage>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(file: &Path, counts: Arc<Counts>) -> Result<Arc<Self>, Error> {
        let db = schema::open_writer(file)?;
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let this = Arc::new(Self {
            log: log.into(),
            counts,
            stage: Mutex::new(Stage::Rest(LOG_BYTES)),
            changed: Condvar::new(),
            thread: Mutex::default(),
        });
        let worker = this.clone();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || worker.work(&db))
            .map_err(|error| Error::Unavailable(format!("no thread for checkpoints: {error}")))?;
        *this.thread.lock() = Some(thread);
        Ok(this)
    }

    /// Bytes of the log.
    pub(super) fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Called by the writer between groups: only it can cut the log without competing with itself.
    pub(super) fn after_commit(&self, db: &Connection) {
        let stage = *self.stage.lock();
        match stage {
            Stage::Rest(due) if self.log_bytes() >= due => self.go(Stage::Copy),
            Stage::Cut => {
                let _ = db.busy_timeout(READERS_WAIT);
                let cut = self.checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)");
                let _ = db.busy_timeout(schema::BUSY);
                let due = if cut {
                    LOG_BYTES
                } else {
                    self.log_bytes() + RETRY_BYTES
                };
                self.go(Stage::Rest(due));
            }
            Stage::Rest(_) | Stage::Copy | Stage::Closed => {}
        }
    }

    fn go(&self, next: Stage) {
        let mut stage = self.stage.lock();
        if *stage != Stage::Closed {
            *stage = next;
        }
        self.changed.notify_all();
    }

    pub(super) fn close(&self) {
        self.go(Stage::Closed);
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }

    fn work(&self, db: &Connection) {
        loop {
            {
                let mut stage = self.stage.lock();
                while *stage != Stage::Copy {
                    if *stage == Stage::Closed {
                        return;
                    }
                    self.changed.wait(&mut stage);
                }
            }
            self.checkpoint(db, "PRAGMA wal_checkpoint(PASSIVE)");
            self.go(Stage::Cut);
        }
    }

    /// Says whether nobody was in the way.
    fn checkpoint(&self, db: &Connection, sql: &str) -> bool {
        let result: rusqlite::Result<(i64, i64, i64)> =
            db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        match result {
            Ok((busy, frames, copied)) => {
                self.counts.checkpointed(copied == frames);
                busy == 0
            }
            Err(error) => {
                tracing::warn!(%error, "the log of the store was not brought into its file");
                false
            }
        }
    }
}
