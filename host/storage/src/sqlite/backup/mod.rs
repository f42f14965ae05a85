//! Backups: one state of a store, copied while it is written to.
//!
//! A backup is a folder like a store's own: the database, the bodies that it refers to, and a
//! manifest. Several lie side by side, each named by its time and whole by itself, so that one is
//! removed by removing its folder; bodies that they share are the same file under several names.
//! It is made in `.partial` and renamed when everything in it is durable: whatever has a manifest
//! and another name is whole.
//!
//! The database is copied by SQLite's backup interface within one read transaction: in steps, so
//! that there is progress to tell, but never starting over when somebody writes. The transaction
//! keeps the write-ahead log from being cut, so it ends before bodies are copied; they can't go
//! meanwhile, because their folder is held (see [`hold`]). The log grows by what is written while
//! the database is copied, and the backup gives up before that has no bound.

mod files;
mod manifest;
mod restore;

use super::{SqliteStore, clock, hold, schema};
use crate::model::Digest;
use crate::store::{Error, Store, StoreLimits};
use files::{Placed, io_failed, make_folder, place, sync_folder, sync_tree};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

pub use manifest::Manifest;
pub use restore::{Restored, restore};

/// Where a backup is made before it is whole.
const PARTIAL: &str = ".partial";
/// Pages that are copied between two looks at the log and two words of progress: 16 MiB.
const STEP_PAGES: i32 = 4096;
/// The log may grow by so much while the database is copied, or by the database's size if that is
/// more.
const LOG_GROWTH_MAX: u64 = 1 << 30;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The disk that is written to is full.
    #[error("no space left for {0}: nothing of it was kept")]
    Full(String),
    /// A file or folder can't be used.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// What is read or written is no good database.
    #[error("the database can't be copied: {0}")]
    Database(rusqlite::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] Error),
    /// There is no such store.
    #[error("there is no store in {0}")]
    NoStore(String),
    /// Somebody else is at it.
    #[error("{0}")]
    InUse(String),
    /// There is something that would be overwritten.
    #[error("there is a store in {0} already")]
    Exists(String),
    /// What is to be restored is no backup, or not one for this store.
    #[error("{0} can't be restored: {1}")]
    Unfit(String, String),
    /// The log grew too much.
    #[error(
        "{written} bytes were written while the database was copied, and its log can't be cut before that ends: make the backup on a faster disk, or at a quieter time"
    )]
    TooSlow {
        /// So many bytes.
        written: u64,
    },
    /// What was restored is not whole.
    #[error("{0} is damaged, and was not put in place: {problems}", problems = .1.join("; "))]
    Damaged(String, Vec<String>),
}

/// What a backup or a restore does just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Copies the database; counted in bytes.
    Database,
    /// Copies bodies; counted in bodies.
    Bodies,
    /// Verifies the copy; there is nothing to count.
    Verify,
}

/// How far it is.
pub type Progress<'a> = dyn FnMut(Stage, u64, u64) + Send + 'a;

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// Bodies that lay there or could be linked.
    pub linked: u64,
    /// Bodies that were copied.
    pub copied: u64,
    /// What `check` found wrong with it, a sentence each; empty if it was not to be verified.
    pub problems: Vec<String>,
}

/// Copies the store in `folder`, as it is now, to a new folder in `into`. The store may be open, by
/// anyone. A copy with problems is kept, because it may be the last: its manifest counts them.
pub async fn backup(
    folder: &Path,
    into: &Path,
    verify: bool,
    progress: &mut Progress<'_>,
) -> Result<Made, BackupError> {
    let missing = || BackupError::NoStore(folder.display().to_string());
    if !folder.join(super::FILE).is_file() {
        return Err(missing());
    }
    let _store = hold::share(folder)?
        .ok_or_else(|| BackupError::InUse("the store is being restored just now".to_owned()))?;
    make_folder(into)?;
    if is_within(into, folder)? {
        let text = format!("{} lies within the store", into.display());
        return Err(BackupError::InUse(text));
    }
    let _place = hold::seize(into)?.ok_or_else(|| {
        BackupError::InUse(format!(
            "another backup is being made in {}",
            into.display()
        ))
    })?;
    let partial = into.join(PARTIAL);
    let made = copy(folder, into, &partial, verify, progress).await;
    if made.is_err() {
        // Of no use, and in the way of a full disk.
        let _ = std::fs::remove_dir_all(&partial);
    }
    made
}

async fn copy(
    folder: &Path,
    into: &Path,
    partial: &Path,
    verify: bool,
    progress: &mut Progress<'_>,
) -> Result<Made, BackupError> {
    if partial.exists() {
        std::fs::remove_dir_all(partial).map_err(|error| io_failed(partial, error))?;
    }
    make_folder(partial)?;
    let earlier = newest(into)?;
    let _bodies = hold::share_soon(&folder.join("blobs"))?;
    let file = partial.join(super::FILE);
    copy_database(&folder.join(super::FILE), &file, progress)?;
    let copy = open_copy(&file)?;
    let sources: Vec<PathBuf> = earlier.into_iter().chain([folder.to_owned()]).collect();
    let bodies_shared = sources.len() > 1;
    let mut bodies = place_bodies(&copy, &sources, partial, progress)?;
    let mut manifest = manifest::describe(&copy, bodies.count, bodies.bytes)?;
    drop(copy);
    let mut problems = std::mem::take(&mut bodies.missing);
    if verify {
        progress(Stage::Verify, 0, 0);
        problems = problems_of(partial, &manifest.tenant).await?;
        if !problems.is_empty() && bodies_shared {
            // What is wrong may lie in the earlier backup alone.
            let blobs = partial.join("blobs");
            std::fs::remove_dir_all(&blobs).map_err(|error| io_failed(&blobs, error))?;
            let copy = open_copy(&file)?;
            bodies = place_bodies(&copy, &[folder.to_owned()], partial, progress)?;
            drop(copy);
            problems = problems_of(partial, &manifest.tenant).await?;
        }
    }
    manifest.problems = (verify || !problems.is_empty()).then_some(problems.len() as u64);
    (manifest.database_bytes, manifest.database_sha256) = files::digest(&file)?;
    manifest.write(partial)?;
    sync_tree(partial)?;
    let name = rename_to_free(partial, into, &manifest.name()?)?;
    sync_folder(into)?;
    Ok(Made {
        folder: name,
        manifest,
        linked: bodies.linked,
        copied: bodies.copied,
        problems,
    })
}

fn copy_database(from: &Path, to: &Path, progress: &mut Progress<'_>) -> Result<(), BackupError> {
    let failed = |error| database_failed(to, error);
    let source = schema::open_reader(from)?;
    let mut copy = Connection::open(to).map_err(failed)?;
    // It is synced once, when it is whole; until then a crash leaves what nobody takes for whole.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        .map_err(failed)?;
    // The state that is copied is that of the first read; SQLite starts a backup over only when it
    // has to begin a transaction for it.
    source.execute_batch("BEGIN").map_err(failed)?;
    source
        .query_row("SELECT count(*) FROM store", [], |_| Ok(()))
        .map_err(failed)?;
    let log = log_bytes(from);
    let backup = Backup::new(&source, &mut copy).map_err(failed)?;
    let page = 4096_u64.max(page_size(&source).map_err(failed)?);
    loop {
        let step = backup.step(STEP_PAGES).map_err(failed)?;
        let (left, all) = (backup.progress().remaining, backup.progress().pagecount);
        let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * page;
        progress(Stage::Database, bytes(all - left), bytes(all));
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
        let written = log_bytes(from).saturating_sub(log);
        if written > LOG_GROWTH_MAX.max(bytes(all)) {
            return Err(BackupError::TooSlow { written });
        }
    }
}

fn page_size(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("PRAGMA page_size", [], |row| row.get(0))
}

fn log_bytes(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// Opens a database that nobody else has, only to read.
fn open_copy(file: &Path) -> Result<Connection, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(|error| database_failed(file, error))
}

#[derive(Default)]
struct Bodies {
    count: u64,
    bytes: u64,
    linked: u64,
    copied: u64,
    missing: Vec<String>,
}

/// Puts the bodies that a database refers to beside it: by another name for the same file where
/// that is possible, else by a copy.
fn place_bodies(
    db: &Connection,
    sources: &[PathBuf],
    folder: &Path,
    progress: &mut Progress<'_>,
) -> Result<Bodies, BackupError> {
    const BODIES: &str = "SELECT m.digest, m.size FROM message m JOIN content c USING (content)
        WHERE c.body IS NULL UNION SELECT digest, size FROM kept WHERE body IS NULL";
    let failed = |error| database_failed(folder, error);
    make_folder(&folder.join("blobs"))?;
    let all: u64 = db
        .query_row(&format!("SELECT count(*) FROM ({BODIES})"), [], |row| {
            row.get(0)
        })
        .map_err(failed)?;
    let mut found = Bodies::default();
    let mut statement = db.prepare(BODIES).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let digest = Digest(row.get(0).map_err(failed)?);
        let size: u64 = row.get(1).map_err(failed)?;
        match place(digest, size, sources, folder)? {
            Some(Placed::Linked) => found.linked += 1,
            Some(Placed::Copied) => found.copied += 1,
            None => {
                let text = format!("the body {} is gone from the store", digest.to_hex());
                found.missing.push(text);
                continue;
            }
        }
        found.count += 1;
        found.bytes += size;
        progress(Stage::Bodies, found.count, all);
    }
    Ok(found)
}

/// What `check` says of the store in a folder.
async fn problems_of(folder: &Path, tenant: &str) -> Result<Vec<String>, BackupError> {
    let store = SqliteStore::open(folder, tenant, StoreLimits::default())?;
    let report = store.check(false).await;
    store.close().await;
    Ok(report?.problems)
}

/// Renames a whole backup to its name, or to the name with a number if that is taken.
fn rename_to_free(partial: &Path, into: &Path, name: &str) -> Result<PathBuf, BackupError> {
    let mut number = 1;
    loop {
        let to = match number {
            1 => into.join(name),
            number => into.join(format!("{name}-{number}")),
        };
        number += 1;
        // A folder that is not empty is never renamed over.
        match std::fs::rename(partial, &to) {
            Ok(()) => return Ok(to),
            Err(_) if to.exists() => {}
            Err(error) => return Err(io_failed(&to, error)),
        }
    }
}

/// The last backup in a folder of backups.
fn newest(into: &Path) -> Result<Option<PathBuf>, BackupError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(into).map_err(|error| io_failed(into, error))? {
        let entry = entry.map_err(|error| io_failed(into, error))?;
        if entry.file_name() != PARTIAL
            && let Ok(manifest) = Manifest::read(&entry.path())
        {
            found.push((manifest.taken, entry.path()));
        }
    }
    Ok(found.into_iter().max().map(|(_, folder)| folder))
}

fn is_within(inner: &Path, outer: &Path) -> Result<bool, BackupError> {
    let real = |path: &Path| path.canonicalize().map_err(|error| io_failed(path, error));
    Ok(real(inner)?.starts_with(real(outer)?))
}

fn database_failed(file: &Path, error: rusqlite::Error) -> BackupError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => BackupError::Full(file.display().to_string()),
        _ => BackupError::Database(error),
    }
}

/// The moment, for a manifest.
fn now() -> i64 {
    clock()
}
