//! Who uses a store's folders: advisory locks on them, which the system takes off when a process
//! ends, however it ends.
//!
//! An open store shares the lock of its folder; a restore needs it alone. A backup shares the lock
//! of `blobs/`, so that no body goes that it is about to copy; removing bodies needs it alone.

use super::unavailable;
use crate::store::Error;
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Hold(#[allow(dead_code)] File);

/// Holds a folder beside others who share it. None if somebody has it alone.
pub(super) fn share(folder: &Path) -> Result<Option<Hold>, Error> {
    hold(folder, File::try_lock_shared)
}

/// The same, and waits for whoever has it alone.
pub(super) fn share_soon(folder: &Path) -> Result<Option<Hold>, Error> {
    hold(folder, |file| {
        file.lock_shared().map_err(TryLockError::Error)
    })
}

/// Holds a folder alone. None if somebody else holds it.
pub(super) fn seize(folder: &Path) -> Result<Option<Hold>, Error> {
    hold(folder, File::try_lock)
}

fn hold(
    folder: &Path,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Option<Hold>, Error> {
    loop {
        let file = File::open(folder).map_err(unavailable)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
        // A restore may have put another folder in its place before the lock was there.
        let held = file.metadata().map_err(unavailable)?;
        let there = std::fs::metadata(folder).map_err(unavailable)?;
        if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
            return Ok(Some(Hold(file)));
        }
    }
}
