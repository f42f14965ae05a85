//! What the engine, the disk or the object store says, as an error of the store.

use crate::store::Error;
use rusqlite::{ErrorCode, ffi};
use std::error::Error as Cause;
use std::io;

/// Whatever they say: a full disk is a case of its own, which passes when there is space again.
pub(super) fn unavailable(error: impl Cause + 'static) -> Error {
    let mut cause: Option<&(dyn Cause + 'static)> = Some(&error);
    while let Some(reason) = cause {
        if let Some(error) = reason.downcast_ref::<rusqlite::Error>() {
            return of_database(error);
        }
        let kind = reason.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) = kind {
            return Error::Full;
        }
        cause = reason.source();
    }
    Error::Unavailable(format!("the store can't answer: {error}"))
}

fn of_database(error: &rusqlite::Error) -> Error {
    let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        // The index of the log is made longer byte by byte: nothing else can fail there.
        _ if extended == ffi::SQLITE_IOERR_SHMSIZE => Error::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Unavailable(format!(
            "the store is damaged ({error}): `chapar check` says where, `chapar restore` takes it \
             back to a backup"
        )),
        Some(ErrorCode::ReadOnly) => Error::Unavailable(format!(
            "the store can't be written to ({error}): look whether its disk is read-only"
        )),
        _ => Error::Unavailable(format!("the store can't answer: {error}")),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        of_database(&error)
    }
}
