//! What a backup says of itself.

use super::files::io_failed;
use super::{BackupError, database_failed, now};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// The layout of a backup that this program writes and reads.
const FORMAT: u32 = 1;
const FILE: &str = "manifest.json";

/// What a backup says of itself: the file `manifest.json` in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the backup.
    pub format: u32,
    /// The format of the database.
    pub schema: u32,
    /// Whose store it is.
    pub tenant: String,
    /// When the copy of the database was whole, in milliseconds since 1970.
    pub taken: i64,
    /// The program that made it.
    pub chapar: String,
    /// Messages in it.
    pub messages: u64,
    /// Bodies in it that are files.
    pub bodies: u64,
    /// Their bytes.
    pub bodies_bytes: u64,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// SHA-256 of the database.
    pub database_sha256: String,
    /// How many problems `check` found in it; none if it was not verified.
    pub problems: Option<u64>,
}

/// Describes a copy; what is known of the file and its problems comes later.
pub(super) fn describe(
    copy: &Connection,
    bodies: u64,
    bodies_bytes: u64,
) -> Result<Manifest, BackupError> {
    let failed = |error| database_failed(Path::new(FILE), error);
    let one = |sql| copy.query_row(sql, [], |row| row.get(0)).map_err(failed);
    let tenant = copy
        .query_row("SELECT tenant FROM store", [], |row| row.get(0))
        .map_err(failed)?;
    Ok(Manifest {
        format: FORMAT,
        schema: u32::try_from(one("PRAGMA user_version")?).unwrap_or(u32::MAX),
        tenant,
        taken: now(),
        chapar: env!("CARGO_PKG_VERSION").to_owned(),
        messages: one("SELECT count(*) FROM message")?,
        bodies,
        bodies_bytes,
        database_bytes: 0,
        database_sha256: String::new(),
        problems: None,
    })
}

impl Manifest {
    /// Reads it from a backup.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let file = folder.join(FILE);
        let unfit = |why: String| BackupError::Unfit(folder.display().to_string(), why);
        let text = std::fs::read(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => unfit("it has no manifest.json".to_owned()),
            _ => io_failed(&file, error),
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| unfit(format!("its manifest.json can't be read: {error}")))?;
        if manifest.format > FORMAT {
            let format = manifest.format;
            return Err(unfit(format!(
                "it has format {format}, and this version of Chapar knows formats up to {FORMAT}: \
                 use a newer Chapar"
            )));
        }
        Ok(manifest)
    }

    /// Writes it.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let file = folder.join(FILE);
        let write = || {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            let mut file = File::create_new(&file)?;
            file.write_all(&text)?;
            file.sync_all()
        };
        write().map_err(|error| io_failed(&file, error))
    }

    /// The name of its folder: when it was taken, so that the last one sorts last.
    pub(super) fn name(&self) -> Result<String, BackupError> {
        // SQLite knows the calendar, and needs no file for it.
        Connection::open_in_memory()
            .and_then(|db| {
                let sql = "SELECT strftime('%Y-%m-%dT%H-%M-%SZ', ?1, 'unixepoch')";
                db.query_row(sql, [self.taken.div_euclid(1000)], |row| row.get(0))
            })
            .map_err(BackupError::Database)
    }
}
