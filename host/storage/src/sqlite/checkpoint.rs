//! Bringing the write-ahead log back into the file, off the path of commits.

use super::schema;
use crate::store::Error;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// At this size a thread of its own copies the log into the file, beside readers and the writer.
const PASSIVE_BYTES: u64 = 16 << 20;
/// At this size the writer stops for it, because it wrote faster than that thread copies.
const FORCED_BYTES: u64 = 128 << 20;

#[derive(Default)]
struct Wanted {
    now: bool,
    closed: bool,
}

/// The thread that takes checkpoints.
pub(super) struct Checkpointer {
    log: PathBuf,
    wanted: Mutex<Wanted>,
    asked: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(file: &Path) -> Result<Arc<Self>, Error> {
        let db = schema::open_writer(file)?;
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let this = Arc::new(Self {
            log: log.into(),
            wanted: Mutex::default(),
            asked: Condvar::new(),
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

    /// Called by the writer between groups.
    pub(super) fn after_commit(&self, db: &Connection) {
        let bytes = self.log_bytes();
        if bytes >= FORCED_BYTES {
            checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        } else if bytes >= PASSIVE_BYTES {
            self.wanted.lock().now = true;
            self.asked.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.wanted.lock().closed = true;
        self.asked.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }

    fn work(&self, db: &Connection) {
        loop {
            {
                let mut wanted = self.wanted.lock();
                while !wanted.now && !wanted.closed {
                    self.asked.wait(&mut wanted);
                }
                if wanted.closed {
                    return;
                }
                wanted.now = false;
            }
            // The bulk beside the writer; what is left, with the log cut to nothing, is then short
            // enough to keep the writer waiting for it.
            if checkpoint(db, "PRAGMA wal_checkpoint(PASSIVE)") {
                checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
    }
}

fn checkpoint(db: &Connection, sql: &str) -> bool {
    match db.query_row(sql, [], |row| row.get::<_, i64>(0)) {
        Ok(busy) => busy == 0,
        Err(error) => {
            tracing::warn!(%error, "the log of the store was not brought into its file");
            false
        }
    }
}
