//! The file's format: how it is created, upgraded, and recognised.

use super::{clock, gather, unavailable};
use crate::store::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use std::ffi::CStr;
use std::path::Path;
use std::time::Duration;

/// What brings a file of version n to version n + 1, from 0, the empty file. Never edited once
/// released: a new version is a new step.
const STEPS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// How long a call waits for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// Opens a connection that may write.
pub(super) fn open_writer(file: &Path) -> Result<Connection, Error> {
    gather::register()?;
    let db = open(file, Some(gather::NAME))?;
    // FULL: a commit is in the file, not only in the operating system, when it returns. Checkpoints
    // are taken by a thread of their own, never by a commit. A log that one commit made longer than
    // it ever need be is cut when it begins anew.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;",
    )
    .map_err(unavailable)?;
    Ok(db)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Error> {
    let db = open(file, None)?;
    db.execute_batch("PRAGMA query_only = 1; PRAGMA cache_size = -4096;")
        .map_err(unavailable)?;
    Ok(db)
}

/// Opens a connection, below a layer of SQLite's for files if there is one.
fn open(file: &Path, layer: Option<&CStr>) -> Result<Connection, Error> {
    // No SQLite mutex: a connection is used by one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match layer {
        Some(layer) => Connection::open_with_flags_and_vfs(file, flags, layer),
        None => Connection::open_with_flags(file, flags),
    };
    let db = db.map_err(unavailable)?;
    db.busy_timeout(BUSY).map_err(unavailable)?;
    db.set_prepared_statement_cache_capacity(256);
    // Plans that depend on what is bound would be made anew for every call.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(unavailable)?;
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")
        .map_err(unavailable)?;
    Ok(db)
}

/// The version that this program makes.
pub(super) fn newest() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Creates or upgrades the file, all steps in one transaction, and makes sure that it is of this
/// tenant.
pub(super) fn upgrade(db: &mut Connection, tenant: &str) -> Result<(), Error> {
    upgrade_by(STEPS, db, tenant)
}

fn upgrade_by(steps: &[&str], db: &mut Connection, tenant: &str) -> Result<(), Error> {
    let newest = steps.len();
    let found = version(db)?;
    if found > newest {
        return Err(Error::Unavailable(format!(
            "the store has format {found}, and this version of Chapar knows formats up to {newest}: \
             use a newer Chapar"
        )));
    }
    if found < newest {
        let tx = db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unavailable)?;
        // Another process may have done it in the meantime.
        for step in steps.iter().skip(version(&tx)?) {
            tx.execute_batch(step).map_err(unavailable)?;
        }
        tx.pragma_update(None, "user_version", newest)
            .map_err(unavailable)?;
        tx.execute(
            "INSERT INTO store SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM store)",
            params![tenant, clock()],
        )
        .map_err(unavailable)?;
        tx.commit().map_err(unavailable)?;
    }
    let kept: Option<String> = db
        .query_row("SELECT tenant FROM store", [], |row| row.get(0))
        .optional()
        .map_err(unavailable)?;
    match kept {
        Some(kept) if kept == tenant => Ok(()),
        kept => Err(Error::Unavailable(format!(
            "the store belongs to tenant {:?}, not {tenant:?}",
            kept.unwrap_or_default()
        ))),
    }
}

fn version(db: &Connection) -> Result<usize, Error> {
    db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map_err(unavailable)
        .map(|version| usize::try_from(version).unwrap_or(usize::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at_version(version: i64) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let db = open_writer(&folder.path().join("store.sqlite3")).unwrap();
        for step in STEPS.iter().take(usize::try_from(version).unwrap()) {
            db.execute_batch(step).unwrap();
        }
        db.pragma_update(None, "user_version", version).unwrap();
        (folder, db)
    }

    #[test]
    fn every_older_version_is_upgraded_with_what_it_holds() {
        for old in 0..=STEPS.len() {
            let (_folder, mut db) = at_version(i64::try_from(old).unwrap());
            if old > 0 {
                db.execute("INSERT INTO store VALUES ('example.org', 1)", [])
                    .unwrap();
                db.execute("INSERT INTO principal (id, kind, display_name, folded) VALUES ('alice', 0, 'Alice', 'alice')", []).unwrap();
            }
            upgrade(&mut db, "example.org").unwrap();
            upgrade(&mut db, "example.org").unwrap();
            assert_eq!(version(&db).unwrap(), STEPS.len());
            let principals: i64 = db
                .query_row("SELECT count(*) FROM principal", [], |row| row.get(0))
                .unwrap();
            assert_eq!(principals, i64::from(old > 0));
        }
    }

    #[test]
    fn an_upgrade_that_fails_half_way_leaves_the_old_version_whole() {
        let (_folder, mut db) = at_version(0);
        upgrade(&mut db, "example.org").unwrap();
        let schema = |db: &Connection| -> Vec<String> {
            let mut rows = db
                .prepare("SELECT coalesce(sql, name) FROM sqlite_schema")
                .unwrap();
            let rows = rows.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let before = schema(&db);
        let mut steps = STEPS.to_vec();
        steps.push("ALTER TABLE timer RENAME TO clock; UPDATE store SET created = 0;");
        steps.push("CREATE TABLE half (way); CREATE TABLE half (way);");
        upgrade_by(&steps, &mut db, "example.org").unwrap_err();
        assert!(db.is_autocommit());
        assert_eq!((version(&db).unwrap(), schema(&db)), (STEPS.len(), before));
        let created: i64 = db
            .query_row("SELECT created FROM store", [], |row| row.get(0))
            .unwrap();
        assert!(created > 0);
        upgrade(&mut db, "example.org").unwrap();
        // Without the mistake it goes through.
        steps.pop();
        upgrade_by(&steps, &mut db, "example.org").unwrap();
        assert_eq!(version(&db).unwrap(), steps.len());
    }

    #[test]
    fn a_newer_version_and_another_tenant_are_refused() {
        let (_folder, mut db) = at_version(0);
        upgrade(&mut db, "example.org").unwrap();
        let other = upgrade(&mut db, "example.net").unwrap_err().to_string();
        assert!(other.contains("example.org"), "{other}");
        db.pragma_update(None, "user_version", 99).unwrap();
        let newer = upgrade(&mut db, "example.org").unwrap_err().to_string();
        assert!(newer.contains("format 99"), "{newer}");
    }
}
