//! One write for all the pages of a commit.
//!
//! SQLite writes each page of a commit to the write-ahead log by two calls of the system, one for 24
//! bytes and one for 4096, which touch three pages of the file system's cache together. A commit has
//! twenty pages and more. Here what a commit writes is gathered in memory and written at once, when
//! SQLite asks for the log to be synced, or looks at it.
//!
//! It is a layer (SQLite: a VFS shim) above the system's own file functions, for the log of
//! connections that write, and for nothing but [`whole`]: what is written outside of it, and every
//! other file, is none of its business. It is right because
//!
//! - a commit with `synchronous = FULL`, which all connections that write have, syncs the log after
//!   its last page, and before anybody else may see it: by then all is written, and an error in
//!   writing is the commit's error;
//! - what is still gathered when [`whole`] ends belongs to a commit that failed, and is forgotten:
//!   another process may have written to that place of the log meanwhile;
//! - it keeps away from devices on which SQLite fills up sectors after the last page
//!   (`SQLITE_IOCAP_POWERSAFE_OVERWRITE` is missing), because that is not synced to its end.

// The functions of a file system layer are called by C, and are given what it allocates.
#![allow(unsafe_code)]

use crate::store::Error;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

/// The name of the layer.
pub(super) const NAME: &CStr = c"chapar";

/// So much is gathered at most: SQLite's functions for Unix write no more than this by one call, and
/// what is longer not always to its end, as SQLite itself writes a page at most.
const BYTES_MAX: usize = 0x1_ffff;

/// What is to be written to one place of a log.
struct Gathered {
    /// Whether a commit runs on this thread.
    active: bool,
    /// The file below that it goes to; null while there is nothing.
    file: *mut sqlite3_file,
    offset: i64,
    bytes: Vec<u8>,
}

thread_local! {
    static GATHERED: RefCell<Gathered> = const {
        RefCell::new(Gathered {
            active: false,
            file: ptr::null_mut(),
            offset: 0,
            bytes: Vec::new(),
        })
    };
}

/// Runs what commits, and nothing else, on this thread; pages that it writes are written together.
/// What it changes must be durable when it returns without an error.
pub(super) fn whole<T>(commit: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            GATHERED.with_borrow_mut(|gathered| {
                gathered.active = false;
                gathered.forget();
            });
        }
    }
    let _end = End;
    GATHERED.with_borrow_mut(|gathered| gathered.active = true);
    commit()
}

/// A log, as SQLite allocates it for this layer: the system's own file lies behind it.
#[repr(C)]
struct Log {
    base: sqlite3_file,
    /// Whether the device is one for which this layer does anything.
    gathers: bool,
}

/// Where the system's file begins, aligned as anything is.
const BELOW: usize = size_of::<Log>().next_multiple_of(16);

/// The system's file of a log.
///
/// # Safety
///
/// `log` is a file that `open` has opened as a log.
unsafe fn below(log: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite has allocated `szOsFile` bytes, which are `BELOW` and those of the system.
    unsafe { log.byte_add(BELOW) }
}

/// Calls a method of the system's file; one that is missing is an error.
macro_rules! call {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let file = $file;
        // SAFETY: whoever calls has a file that the system has opened, so its methods are there.
        match unsafe { (*file).pMethods.as_ref() }.and_then(|methods| methods.$method) {
            // SAFETY: the arguments are those that SQLite has given for the same method.
            Some(method) => unsafe { method(file $(, $argument)*) },
            None => ffi::SQLITE_IOERR,
        }
    }};
}

/// Writes what is gathered for a file, if anything is.
fn write_out(file: *mut sqlite3_file) -> c_int {
    GATHERED.with_borrow_mut(|gathered| {
        if gathered.file == file {
            gathered.write_out()
        } else {
            ffi::SQLITE_OK
        }
    })
}

impl Gathered {
    /// Writes what is there. An error is SQLite's to handle: nothing is tried again.
    fn write_out(&mut self) -> c_int {
        let file = self.file;
        if file.is_null() {
            return ffi::SQLITE_OK;
        }
        let length = c_int::try_from(self.bytes.len()).unwrap_or(c_int::MAX);
        let bytes = self.bytes.as_ptr().cast();
        let code = call!(file, xWrite, bytes, length, self.offset);
        self.forget();
        code
    }

    fn forget(&mut self) {
        self.file = ptr::null_mut();
        self.bytes.clear();
    }

    /// Takes bytes that go behind those that are there; whatever else is there is written first.
    fn add(&mut self, file: *mut sqlite3_file, bytes: &[u8], offset: i64) -> c_int {
        let end = i64::try_from(self.bytes.len()).map_or(i64::MAX, |length| self.offset + length);
        let fits = self.bytes.len() + bytes.len() <= BYTES_MAX;
        if self.file != file || end != offset || !fits {
            let code = self.write_out();
            if code != ffi::SQLITE_OK {
                return code;
            }
            self.file = file;
            self.offset = offset;
        }
        self.bytes.extend_from_slice(bytes);
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn write(
    log: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite calls this with a file that `open` has opened as a log.
    let (file, gathers) = unsafe { (below(log), (*log.cast::<Log>()).gathers) };
    let count = usize::try_from(length).unwrap_or(0);
    GATHERED.with_borrow_mut(|gathered| {
        if !gathered.active || !gathers || bytes.is_null() {
            return call!(file, xWrite, bytes, length, offset);
        }
        // SAFETY: SQLite has so many bytes there, until this returns.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
        gathered.add(file, bytes, offset)
    })
}

/// Methods before which what is gathered is written.
macro_rules! after_writing {
    ($($name:ident = $method:ident($($argument:ident: $type:ty),*);)*) => {$(
        unsafe extern "C" fn $name(log: *mut sqlite3_file $(, $argument: $type)*) -> c_int {
            // SAFETY: SQLite calls this with a file that `open` has opened as a log.
            let file = unsafe { below(log) };
            match write_out(file) {
                ffi::SQLITE_OK => call!(file, $method $(, $argument)*),
                error => error,
            }
        }
    )*};
}

after_writing! {
    read = xRead(bytes: *mut c_void, length: c_int, offset: i64);
    truncate = xTruncate(size: i64);
    sync = xSync(flags: c_int);
    file_size = xFileSize(size: *mut i64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(held: *mut c_int);
    file_control = xFileControl(operation: c_int, argument: *mut c_void);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
}

unsafe extern "C" fn close(log: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite calls this with a file that `open` has opened as a log.
    let file = unsafe { below(log) };
    let written = write_out(file);
    let closed = call!(file, xClose);
    if written == ffi::SQLITE_OK {
        closed
    } else {
        written
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // A log is neither mapped nor shared memory: those are methods of later versions.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Opens a log below this layer, and any other file without it.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    opened: *mut c_int,
) -> c_int {
    // SAFETY: the system's layer is there as long as the process.
    let system = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
    // SAFETY: `register` has found it there.
    let Some(system_open) = (unsafe { (*system).xOpen }) else {
        return ffi::SQLITE_CANTOPEN;
    };
    if flags & ffi::SQLITE_OPEN_WAL == 0 {
        // SAFETY: as SQLite has called; the file has more room than the system's layer asks for.
        return unsafe { system_open(system, name, file, flags, opened) };
    }
    // SAFETY: SQLite has allocated `szOsFile` bytes for the file.
    let (code, is_open) = unsafe {
        (*file).pMethods = ptr::null();
        let code = system_open(system, name, below(file), flags, opened);
        (code, !(*below(file)).pMethods.is_null())
    };
    // What has methods is to be closed, even after an error.
    if is_open {
        // SAFETY: it was opened as a log just now.
        let able = call!(unsafe { below(file) }, xDeviceCharacteristics);
        // SAFETY: as before.
        unsafe {
            (*file.cast::<Log>()).gathers = able & ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE != 0;
            (*file).pMethods = &raw const METHODS;
        }
    }
    code
}

/// Makes the layer known to SQLite.
///
/// # Errors
///
/// [`Error::Unavailable`] if the system has no layer of its own, or SQLite refuses.
pub(super) fn register() -> Result<(), Error> {
    static REGISTERED: OnceLock<Result<(), Error>> = OnceLock::new();
    let register = || {
        let unavailable = || Error::Unavailable("SQLite has no file system".into());
        // SAFETY: it is what initialises SQLite, once, and finds what stays for good.
        let system = unsafe { ffi::sqlite3_initialize() == ffi::SQLITE_OK }
            .then(|| unsafe { ffi::sqlite3_vfs_find(ptr::null()).as_ref() })
            .flatten()
            .ok_or_else(unavailable)?;
        let more = c_int::try_from(BELOW).map_err(|_| unavailable())?;
        // All but opening is the system's. Its functions take what they need from `pAppData`, which
        // is the same here.
        let layer = Box::leak(Box::new(sqlite3_vfs {
            szOsFile: system.szOsFile.saturating_add(more),
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr().cast::<c_char>(),
            xOpen: Some(open),
            ..*system
        }));
        // SAFETY: the layer is never freed, nor changed by anybody but SQLite.
        match unsafe { ffi::sqlite3_vfs_register(layer, 0) } {
            ffi::SQLITE_OK => Ok(()),
            code => Err(Error::Unavailable(format!(
                "SQLite takes no layer of files: error {code}"
            ))),
        }
    };
    REGISTERED.get_or_init(register).clone()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::whole;
    use crate::sqlite::schema::{open_reader, open_writer};
    use rusqlite::Connection;

    const ROWS: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO t SELECT randomblob(3000) FROM n";

    fn count(db: &Connection) -> u32 {
        let rows = "SELECT count(*) FROM t";
        db.query_row(rows, [], |row| row.get(0)).unwrap()
    }

    fn is_whole(db: &Connection) -> bool {
        let check = "PRAGMA integrity_check";
        let said: String = db.query_row(check, [], |row| row.get(0)).unwrap();
        said == "ok"
    }

    /// Writes that this thread has asked the system for.
    #[cfg(target_os = "linux")]
    fn writes() -> u64 {
        let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
        let line = io.lines().find_map(|line| line.strip_prefix("syscw: "));
        line.unwrap().parse().unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_commit_of_many_pages_is_few_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store");
        let db = open_writer(&file).unwrap();
        db.execute_batch("CREATE TABLE t (a)").unwrap();
        db.execute_batch("BEGIN").unwrap();
        db.execute(ROWS, [25]).unwrap();
        let before = writes();
        whole(|| db.execute_batch("COMMIT")).unwrap();
        // 25 pages and those that point to them; each two writes without the layer.
        assert!(writes() - before <= 3, "{}", writes() - before);
        assert_eq!(count(&open_reader(&file).unwrap()), 25);
    }

    #[test]
    fn a_commit_longer_than_one_write_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store");
        let db = open_writer(&file).unwrap();
        db.execute_batch("CREATE TABLE t (a)").unwrap();
        for rows in [40, 80, 1000] {
            db.execute_batch("BEGIN").unwrap();
            db.execute(ROWS, [rows]).unwrap();
            whole(|| db.execute_batch("COMMIT")).unwrap();
        }
        let reader = open_reader(&file).unwrap();
        assert_eq!(count(&reader), 1120);
        assert!(is_whole(&reader));
    }

    #[test]
    fn what_was_rolled_back_is_never_written_over_what_another_has_committed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store");
        let one = open_writer(&file).unwrap();
        let other = open_writer(&file).unwrap();
        // So few pages in memory that most go to the log before the transaction ends.
        one.execute_batch("CREATE TABLE t (a); PRAGMA cache_size = 10")
            .unwrap();
        whole(|| {
            one.execute_batch("BEGIN").unwrap();
            one.execute(ROWS, [200]).unwrap();
            one.execute_batch("ROLLBACK").unwrap();
        });
        other.execute(ROWS, [200]).unwrap();
        one.execute(ROWS, [3]).unwrap();
        assert_eq!(count(&one), 203);
        assert!(is_whole(&one));
    }
}
