//! Bringing the write-ahead log back into the file, off the path of commits.

use super::counts::Counts;
use super::{schema, unavailable};
use crate::store::Error;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::Duration;

/// At so many pages of 4 KiB a thread of its own copies the log into the file, beside readers and
/// the writer.
const LOG_PAGES: u32 = 4096;
/// So many more are written before the next attempt, when readers were in the way of one.
const RETRY_PAGES: u32 = 1024;
/// How long the writer waits for readers who still need the log. They take milliseconds; one that
/// holds on longer is another program's, and must not stop writes.
const READERS_WAIT: Duration = Duration::from_millis(20);

/// How far a checkpoint is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// None is due before the log has so many pages.
    Rest(u32),
    /// The thread is to copy the log into the file.
    Copy,
    /// The writer is to copy what came since then, and begin the log anew.
    Begin,
    /// The store closes.
    Closed,
}

/// The thread that takes checkpoints.
pub(super) struct Checkpointer {
    log: PathBuf,
    /// Pages of the log that are in use, whoever wrote them, after this writer's last commit. The
    /// file is longer: it is written over from its beginning, never cut, because a commit that makes
    /// a file longer waits for the file system's journal, too.
    pages: Arc<AtomicU32>,
    counts: Arc<Counts>,
    stage: Mutex<Stage>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    /// Watches what this writer commits.
    pub(super) fn start(
        file: &Path,
        writer: &mut Connection,
        counts: Arc<Counts>,
    ) -> Result<Arc<Self>, Error> {
        let db = schema::open_writer(file)?;
        let pages = Arc::new(AtomicU32::new(0));
        let seen = pages.clone();
        let hook = move |_: &mut Wal, pages: i32| {
            seen.store(u32::try_from(pages).unwrap_or(0), Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(unavailable)?;
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let this = Arc::new(Self {
            log: log.into(),
            pages,
            counts,
            stage: Mutex::new(Stage::Rest(LOG_PAGES)),
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

    /// Bytes of the log's file.
    pub(super) fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Called by the writer between groups: only it can begin the log anew without competing with
    /// itself.
    pub(super) fn after_commit(&self, db: &Connection) {
        let stage = *self.stage.lock();
        match stage {
            Stage::Rest(due) if self.pages.load(Relaxed) >= due => self.go(Stage::Copy),
            Stage::Begin => {
                let _ = db.busy_timeout(READERS_WAIT);
                let begun = self.checkpoint(db, "PRAGMA wal_checkpoint(RESTART)");
                let _ = db.busy_timeout(schema::BUSY);
                let due = if begun {
                    LOG_PAGES
                } else {
                    self.pages.load(Relaxed).saturating_add(RETRY_PAGES)
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
            self.go(Stage::Begin);
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
