//! Restoring: a backup becomes the store, whole, or nothing changes.

use super::files::{copy_hashed, io_failed, make_folder, sync_folder, sync_tree};
use super::{
    BackupError, Manifest, Progress, Stage, database_failed, newest, open_copy, place_bodies,
    problems_of,
};
use crate::sqlite::{FILE, hold, schema};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

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
    let made = make(&from, &partial, &manifest, verify, progress).await;
    let result = made.and_then(|missing| Ok((missing, put_in_place(&partial, folder)?)));
    if result.is_err() {
        let _ = std::fs::remove_dir_all(&partial);
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
    verify: bool,
    progress: &mut Progress<'_>,
) -> Result<Vec<String>, BackupError> {
    if partial.exists() {
        std::fs::remove_dir_all(partial).map_err(|error| io_failed(partial, error))?;
    }
    make_folder(partial)?;
    let damaged = |problems| Err(BackupError::Damaged(from.display().to_string(), problems));
    let file = partial.join(FILE);
    let digest = copy_hashed(&from.join(FILE), &file, progress)?;
    if digest != manifest.database_sha256 {
        return damaged(vec!["its database is not the one that was made".to_owned()]);
    }
    // The format may be older than this program's.
    let mut db = schema::open_writer(&file)?;
    schema::upgrade(&mut db, &manifest.tenant)?;
    start_over(&db, &file)?;
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

/// Clients know of changes that came after the backup. Were their numbers given again, a client
/// would take the new changes for those that it knows: so all counters go far beyond them, and what
/// clients remember is older than what the store does. A mailbox gives no uid again either.
fn start_over(db: &rusqlite::Connection, file: &Path) -> Result<(), BackupError> {
    db.execute_batch(
        "BEGIN IMMEDIATE;
         UPDATE owner SET counter = counter + (1 << 32);
         UPDATE owner SET modseq = counter, oldest = counter;
         UPDATE mailbox SET uid_next = min(uid_next + (1 << 20), 4294967295), modseq = o.counter,
            oldest = o.counter FROM owner o WHERE o.owner = mailbox.owner;
         DELETE FROM removed;
         DELETE FROM mailbox_removed;
         COMMIT;",
    )
    .map_err(|error| database_failed(file, error))
}

/// Makes a folder the store's, in one step; what was there has another name then.
fn put_in_place(partial: &Path, folder: &Path) -> Result<Option<PathBuf>, BackupError> {
    let failed = |error: std::io::Error| io_failed(folder, error);
    let above = folder.parent().unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::rename(partial, folder).map_err(failed)?;
        sync_folder(above)?;
        return Ok(None);
    }
    let aside = free_name(folder);
    match renameat_with(CWD, partial, CWD, folder, RenameFlags::EXCHANGE) {
        Ok(()) => std::fs::rename(partial, &aside).map_err(failed)?,
        // Not every file system can; between these two there is no store, and both have a name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            std::fs::rename(folder, &aside).map_err(failed)?;
            std::fs::rename(partial, folder).map_err(failed)?;
        }
        Err(error) => return Err(failed(error.into())),
    }
    sync_folder(above)?;
    Ok(Some(aside))
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
