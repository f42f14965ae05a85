//! Files of backups: placed, copied, hashed and made durable.

use super::{BackupError, Stage};
use crate::model::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What is read and hashed at a time.
const PIECE: usize = 1 << 20;

/// How a body came to where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// As another name of a file that was there.
    Linked,
    /// As a copy.
    Copied,
}

/// Puts a body into a folder, from the first of the others that has it whole. None if none has.
pub(super) fn place(
    digest: Digest,
    size: u64,
    sources: &[PathBuf],
    folder: &Path,
) -> Result<Option<Placed>, BackupError> {
    let at = super::super::blob::path(digest);
    let to = folder.join("blobs").join(&at);
    if let Some(shelf) = to.parent() {
        make_folder(shelf)?;
    }
    let whole = |from: &PathBuf| from.metadata().is_ok_and(|file| file.len() == size);
    let from: Vec<PathBuf> = sources
        .iter()
        .map(|source| source.join("blobs").join(&at))
        .filter(whole)
        .collect();
    // Any link is better than a copy: other file systems, and some permissions, allow none.
    if from
        .iter()
        .any(|from| std::fs::hard_link(from, &to).is_ok())
    {
        return Ok(Some(Placed::Linked));
    }
    let Some(from) = from.first() else {
        return Ok(None);
    };
    let copy = || {
        std::fs::copy(from, &to)?;
        File::open(&to)?.sync_all()
    };
    copy().map_err(|error| io_failed(&to, error))?;
    Ok(Some(Placed::Copied))
}

/// Copies a database, and returns its digest.
pub(super) fn copy_hashed(
    from: &Path,
    to: &Path,
    progress: &mut super::Progress<'_>,
) -> Result<String, BackupError> {
    let mut source = File::open(from).map_err(|error| io_failed(from, error))?;
    let size = source
        .metadata()
        .map_err(|error| io_failed(from, error))?
        .len();
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    let mut copy = options.open(to).map_err(|error| io_failed(to, error))?;
    let mut done = 0;
    let digest = hash(from, &mut source, |piece| {
        copy.write_all(piece)
            .map_err(|error| io_failed(to, error))?;
        done += piece.len() as u64;
        progress(Stage::Database, done, size);
        Ok(())
    })?;
    copy.sync_all().map_err(|error| io_failed(to, error))?;
    Ok(digest)
}

/// The size and the digest of a file.
pub(super) fn digest(file: &Path) -> Result<(u64, String), BackupError> {
    let mut source = File::open(file).map_err(|error| io_failed(file, error))?;
    let mut size = 0;
    let digest = hash(file, &mut source, |piece| {
        size += piece.len() as u64;
        Ok(())
    })?;
    Ok((size, digest))
}

fn hash(
    from: &Path,
    source: &mut File,
    mut each: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<String, BackupError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match source.read(&mut buffer) {
            Ok(0) => return Ok(Digest(hash.finalize().into()).to_hex()),
            Ok(len) => buffer.get(..len).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(io_failed(from, error)),
        };
        hash.update(piece);
        each(piece)?;
    }
}

/// Makes a folder, and those above it, that nobody else may read.
pub(super) fn make_folder(folder: &Path) -> Result<(), BackupError> {
    let mut builder = std::fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| io_failed(folder, error))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| io_failed(folder, error))
}

/// Makes the names in a store durable, folder by folder, and its database with them.
pub(super) fn sync_tree(folder: &Path) -> Result<(), BackupError> {
    sync_folder(&folder.join(super::super::FILE))?;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| io_failed(&folder, error))? {
            let entry = entry.map_err(|error| io_failed(&folder, error))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
        sync_folder(&folder)?;
    }
    Ok(())
}

/// Names the file that could not be used; a full disk is a case of its own.
pub(super) fn io_failed(file: &Path, error: std::io::Error) -> BackupError {
    let name = file.display().to_string();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            BackupError::Full(name)
        }
        _ => BackupError::Io(name, error),
    }
}
