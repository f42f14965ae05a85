//! Restoring: a backup becomes the store, whole, or nothing changes.

use super::files::{copy_hashed, io_failed, make_folder, sync_folder, sync_tree};
use super::{
    BackupError, Manifest, Progress, Stage, database_failed, newest, open_copy, place_bodies,
    problems_of,
};
use crate::sqlite::{FILE, clock, hold, schema};
use rusqlite::{Connection, TransactionBehavior, params};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// A file that says of a folder that it is not yet, or no more, a store: the only one that a restore may
/// delete.
const MARK: &str = "restoring";

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup that it came from.
    pub from: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
    /// Bodies that are gone, a sentence each; none if it was verified.
    pub missing: Vec<String>,
    /// Where the store that was there before is now.
    pub replaced: Option<PathBuf>,
}

/// Restores a backup, or the last one in a folder of them, to the store in `folder`. Nobody may have
/// the store open. One that is there is kept beside the new one, and only if it may be replaced.
///
/// All clients of the store have to synchronise anew, because what they saw of the lost changes must
/// not be taken for changes to come.
pub async fn restore(
    from: &Path,
    folder: &Path,
    tenant: &str,
    replace: bool,
    verify: bool,
    progress: &mut Progress<'_>,
) -> Result<Restored, BackupError> {
    let (from, manifest) = find(from, tenant)?;
    let above = folder.parent().unwrap_or(Path::new("."));
    make_folder(above)?;
    let _above = hold::seize(above)?.ok_or_else(|| {
        BackupError::InUse(format!(
            "another restore is under way in {}",
            above.display()
        ))
    })?;
    let _store = match folder.exists() {
        false => None,
        true => Some(hold::seize(folder)?.ok_or_else(|| {
            BackupError::InUse(format!(
                "the store in {} is open: stop the server first",
                folder.display()
            ))
        })?),
    };
    let there = folder.join(FILE).exists();
    if there && !replace {
        return Err(BackupError::Exists(folder.display().to_string()));
    }
    let partial = beside(folder, "restoring");
    discard(&partial)?;
    let former = Former::read(&folder.join(FILE));
    let made = make(&from, &partial, &manifest, &former, verify, progress).await;
    let result = made.and_then(|missing| Ok((missing, put_in_place(&partial, folder)?)));
    if result.is_err() {
        let _ = discard(&partial);
    }
    let (missing, replaced) = result?;
    Ok(Restored {
        from,
        manifest,
        missing,
        replaced,
    })
}

/// The backup that is meant, if it can be restored for this tenant.
fn find(from: &Path, tenant: &str) -> Result<(PathBuf, Manifest), BackupError> {
    let unfit = |folder: &Path, why| BackupError::Unfit(folder.display().to_string(), why);
    let folder = match from.join("manifest.json").exists() {
        true => from.to_owned(),
        false => newest(from)?.ok_or_else(|| unfit(from, "there is no backup in it".to_owned()))?,
    };
    let manifest = Manifest::read(&folder)?;
    if manifest.tenant != tenant {
        let why = format!("it is of tenant `{}`, not `{tenant}`", manifest.tenant);
        return Err(unfit(&folder, why));
    }
    if manifest.schema > schema::newest() {
        let why = format!(
            "its database has format {}, and this version of Chapar knows formats up to {}: \
             use a newer Chapar",
            manifest.schema,
            schema::newest()
        );
        return Err(unfit(&folder, why));
    }
    Ok((folder, manifest))
}

async fn make(
    from: &Path,
    partial: &Path,
    manifest: &Manifest,
    former: &Former,
    verify: bool,
    progress: &mut Progress<'_>,
) -> Result<Vec<String>, BackupError> {
    make_folder(partial)?;
    let mark = partial.join(MARK);
    std::fs::File::create(&mark).map_err(|error| io_failed(&mark, error))?;
    let damaged = |problems| Err(BackupError::Damaged(from.display().to_string(), problems));
    let file = partial.join(FILE);
    let digest = copy_hashed(&from.join(FILE), &file, progress)?;
    if digest != manifest.database_sha256 {
        return damaged(vec!["its database is not the one that was made".to_owned()]);
    }
    // The format may be older than this program's.
    let mut db = schema::open_writer(&file)?;
    schema::upgrade(&mut db, &manifest.tenant)?;
    start_over(&mut db, former).map_err(|error| database_failed(&file, error))?;
    db.close()
        .map_err(|(_, error)| database_failed(&file, error))?;
    let copy = open_copy(&file)?;
    let bodies = place_bodies(&copy, &[from.to_owned()], partial, progress)?;
    drop(copy);
    if verify {
        progress(Stage::Verify, 0, 0);
        let problems = problems_of(partial, &manifest.tenant).await?;
        if !problems.is_empty() {
            return damaged(problems);
        }
    }
    sync_tree(partial)?;
    Ok(bodies.missing)
}

/// What the store that is replaced has given out.
#[derive(Debug, Default)]
struct Former {
    /// The highest counter of its owners.
    counter: u64,
    /// The next uid of each mailbox, by its id.
    uids: Vec<(String, u32)>,
}

impl Former {
    /// Reads it, if there is a store and it can be read: it may be damaged, and then the clock has to
    /// do.
    fn read(file: &Path) -> Self {
        let read = || -> rusqlite::Result<Self> {
            let db = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let counter = "SELECT coalesce(max(counter), 0) FROM owner";
            let mut uids = db.prepare("SELECT id, uid_next FROM mailbox")?;
            Ok(Self {
                counter: db.query_row(counter, [], |row| row.get(0))?,
                uids: uids
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<rusqlite::Result<_>>()?,
            })
        };
        read().unwrap_or_default()
    }
}

/// Clients know of changes that came after the backup, and after an earlier restore of it. Were their
/// numbers given again, a client would take the new changes for those that it knows: so all counters
/// go far beyond them, to where the clock is and no store comes by counting, and what clients remember
/// is older than what the store does. A mailbox gives no uid again either.
fn start_over(db: &mut Connection, former: &Former) -> rusqlite::Result<()> {
    // 1,024 changes a millisecond; until the year 2248 it is a number that JSON keeps.
    let by_clock = u64::try_from(clock()).unwrap_or(0) << 10;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "UPDATE owner SET counter = max(counter + (1 << 32), ?1, ?2 + (1 << 32))",
        params![by_clock, former.counter],
    )?;
    tx.execute_batch(
        "UPDATE owner SET modseq = counter, oldest = counter;
         UPDATE mailbox SET uid_next = min(uid_next + (1 << 20), 4294967295), modseq = o.counter,
            oldest = o.counter FROM owner o WHERE o.owner = mailbox.owner;
         DELETE FROM removed;
         DELETE FROM mailbox_removed;",
    )?;
    let beyond = "UPDATE mailbox SET uid_next = max(uid_next, min(?2 + (1 << 20), 4294967295))
        WHERE id = ?1";
    for (id, uid) in &former.uids {
        tx.execute(beyond, params![id, uid])?;
    }
    tx.commit()
}

/// Removes what an earlier restore has left half made. What has no mark of that may be somebody's
/// store, and stays.
fn discard(partial: &Path) -> Result<(), BackupError> {
    if !partial.exists() {
        return Ok(());
    }
    if partial.join(FILE).exists() && !partial.join(MARK).exists() {
        return Err(BackupError::InUse(format!(
            "{} is in the way: a restore that was interrupted has left a whole store there, the one \
             that was replaced if {} is the one restored; give it another name",
            partial.display(),
            partial.with_extension("").display(),
        )));
    }
    std::fs::remove_dir_all(partial).map_err(|error| io_failed(partial, error))
}

/// Makes a folder the store's, in one step; what was there has another name then. If it can't be, all
/// is as it was.
fn put_in_place(partial: &Path, folder: &Path) -> Result<Option<PathBuf>, BackupError> {
    let failed = |error: std::io::Error| io_failed(folder, error);
    let above = folder.parent().unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::rename(partial, folder).map_err(failed)?;
        unmark(folder)?;
        sync_folder(above)?;
        return Ok(None);
    }
    let aside = free_name(folder);
    let exchange = || renameat_with(CWD, partial, CWD, folder, RenameFlags::EXCHANGE);
    match exchange() {
        Ok(()) => {
            if let Err(error) = std::fs::rename(partial, &aside) {
                exchange().map_err(|error| failed(error.into()))?;
                return Err(failed(error));
            }
        }
        // Not every file system can; between these two there is no store, and both have a name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            std::fs::rename(folder, &aside).map_err(failed)?;
            if let Err(error) = std::fs::rename(partial, folder) {
                std::fs::rename(&aside, folder).map_err(failed)?;
                return Err(failed(error));
            }
        }
        Err(error) => return Err(failed(error.into())),
    }
    unmark(folder)?;
    sync_folder(above)?;
    Ok(Some(aside))
}

/// Takes away the mark of what is half made.
fn unmark(folder: &Path) -> Result<(), BackupError> {
    let mark = folder.join(MARK);
    std::fs::remove_file(&mark).map_err(|error| io_failed(&mark, error))?;
    sync_folder(folder)
}

fn free_name(folder: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let name = beside(folder, &format!("replaced-{number}"));
        if !name.exists() {
            return name;
        }
        number += 1;
    }
}

fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    folder.with_file_name(name)
}
