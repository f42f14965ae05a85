//! The embedded engine: one SQLite file per tenant, big bodies in a folder beside it.
//!
//! One writer thread commits in groups ([`writer`]), calls read beside it from connections of their
//! own ([`readers`]), and nothing is cached in memory between calls: another process may write the
//! same file at any time.

mod annotation;
mod backup;
mod batch;
mod blob;
mod check;
mod checkpoint;
mod content;
mod counts;
mod directory;
mod endpoint;
mod entry;
mod error;
mod expire;
mod gather;
mod group;
mod hold;
mod lock;
mod mailbox;
mod message;
mod queue;
mod quota;
mod readers;
mod rights;
mod schema;
mod search;
mod secrecy;
mod store;
mod submission;
mod unindexed;
mod upload;
mod words;
mod writer;

use crate::faulty::Faults;
use crate::feed::Feed;
use crate::model::Instant;
use crate::stats::StoreStats;
use crate::store::{Error, StoreLimits};
pub use backup::{BackupError, Made, Manifest, Progress, Restored, Stage, backup, restore};

use blob::Bodies;
use checkpoint::Checkpointer;
use counts::Counts;
use error::unavailable;
pub(crate) use readers::Look;
use readers::Readers;
use rusqlite::{Connection, Params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use writer::Writer;

/// The database in a store's folder.
const FILE: &str = "store.sqlite3";
/// Bodies up to this are kept in rows, bigger ones in the object store.
pub(crate) const SMALL_MAX: usize = 256 << 10;
/// Most entries in an answer.
const PAGE_MAX: u32 = 2000;
/// Most bytes in an answer that holds bytes of several messages.
const READ_MAX: usize = 8 << 20;
/// A body that lost its last link is kept so long, for whoever is about to link it again.
const GRACE_MS: i64 = 3_600_000;

/// The store of one tenant in a folder.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    checkpointer: Arc<Checkpointer>,
    bodies: Arc<Bodies>,
    limits: Arc<StoreLimits>,
    faults: Arc<Faults>,
    counts: Arc<Counts>,
    feed: Feed,
    file: PathBuf,
    _hold: hold::Hold,
}

impl SqliteStore {
    /// Opens the store in `folder`, creating or upgrading it. Fails if it belongs to another tenant
    /// or to a newer version of Chapar. Several processes may have it open at once.
    pub fn open(folder: &Path, tenant: &str, limits: StoreLimits) -> Result<Arc<Self>, Error> {
        Self::open_with(folder, tenant, limits, Faults::default())
    }

    /// Opens it with faults, for tests and measurements.
    pub fn open_with(
        folder: &Path,
        tenant: &str,
        limits: StoreLimits,
        faults: Faults,
    ) -> Result<Arc<Self>, Error> {
        secrecy::make_folder(folder).map_err(unavailable)?;
        // SQLite would say that it can't open its file, and not why.
        rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).map_err(|error| {
            Error::Unavailable(format!("its folder can't be written to: {error}"))
        })?;
        let hold = hold::share(folder)?.ok_or_else(|| {
            Error::Unavailable("the store is being restored just now: try again later".into())
        })?;
        let counts = Arc::new(Counts::default());
        let faults = Arc::new(faults);
        let file = folder.join(FILE);
        secrecy::make_file(&file).map_err(unavailable)?;
        let mut db = schema::open_writer(&file)?;
        schema::upgrade(&mut db, tenant)?;
        let blobs = folder.join("blobs");
        let bodies = Arc::new(Bodies::open(&blobs, counts.clone(), faults.clone())?);
        secrecy::warn(folder);
        // The entries of what was created now: without them a power cut could lose the whole store.
        for folder in [&blobs, folder] {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(unavailable)?;
        }
        // Who runs the store need not be able to read what it lies in.
        let above = folder.canonicalize().map_err(unavailable)?;
        if let Some(Ok(above)) = above.parent().map(std::fs::File::open) {
            above.sync_all().map_err(unavailable)?;
        }
        let checkpointer = Checkpointer::start(&file, &mut db, counts.clone())?;
        Ok(Arc::new(Self {
            readers: Readers::new(file.clone(), counts.clone()),
            writer: Writer::start(db, checkpointer.clone(), counts.clone(), faults.clone())?,
            checkpointer,
            bodies,
            limits: Arc::new(limits),
            faults,
            counts,
            feed: Feed::default(),
            file,
            _hold: hold,
        }))
    }

    fn count(&self) -> StoreStats {
        self.readers.idle(|db| self.counts.pages_of(db));
        StoreStats {
            database_bytes: std::fs::metadata(&self.file).map_or(0, |file| file.len()),
            log_bytes: self.checkpointer.log_bytes(),
            ..self.counts.read()
        }
    }

    fn shut(&self) {
        self.writer.close();
        self.checkpointer.close();
        self.readers.close();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Milliseconds since 1970.
fn clock() -> Instant {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            Instant::try_from(since.as_millis()).unwrap_or(Instant::MAX)
        })
}

/// Runs a statement, compiled once per connection, and returns how many rows it changed.
fn execute(db: &Connection, sql: &str, params: impl Params) -> Result<usize, Error> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// 128 random bits in hex.
fn random_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Unavailable(format!("no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Texts as a JSON array, which `json_each` takes for a list of any length.
fn json<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::from("[");
    for text in texts {
        if list.len() > 1 {
            list.push(',');
        }
        list.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => list.extend(['\\', c]),
                c if c.is_control() => list.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => list.push(c),
            }
        }
        list.push('"');
    }
    list.push(']');
    list
}
