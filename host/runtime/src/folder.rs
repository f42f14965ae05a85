//! The folder of modules: which files lie there, and whether one has changed since it was read.

use crate::{RuntimeError, cache};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Biggest file that is taken for a module.
const FILE_MAX: u64 = 64 << 20;
/// How coarse the times of a file system may be.
const TIME_GRAIN: Duration = Duration::from_secs(2);
/// How often a file is read that is written meanwhile.
const READS_MAX: usize = 3;
/// How much is read at a time.
const PIECE_LEN: usize = 64 << 10;

/// What tells two states of a file apart without reading it. Who replaces a file may keep its
/// length and set its time of modification, but not the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    pub(crate) size: u64,
    /// Seconds and nanoseconds since 1970.
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The stamp of what lies at a path; none if nothing does.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::of)
    }

    /// Whether a file that was read at a moment and has this stamp still is unchanged. Another
    /// change in the same grain of time would leave no trace.
    fn tells(&self, read: SystemTime) -> bool {
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        let changed = UNIX_EPOCH + Duration::from_secs(changed);
        read.duration_since(changed)
            .is_ok_and(|age| age > TIME_GRAIN)
    }
}

/// What tells a file from others; found while nobody wrote it.
pub(crate) struct Fingerprint {
    pub(crate) sha256: String,
    /// None if it can't tell whether the file has changed since.
    pub(crate) stamp: Option<Stamp>,
}

/// A file that was read whole, and not while it was written.
pub(crate) struct Content {
    pub(crate) wasm: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
}

/// The `.wasm` files of a folder, by the names of their modules. Hidden ones are what programs
/// leave that copy files.
pub(crate) fn scan(folder: &Path) -> Result<BTreeMap<String, PathBuf>, RuntimeError> {
    let error = |error: io::Error| RuntimeError::Folder {
        path: folder.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        if let Some(name) = name
            && !name.starts_with('.')
            && path.extension().is_some_and(|end| end == "wasm")
        {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

/// Reads a file of a size that a module may have.
pub(crate) fn read(path: &Path) -> Result<Content, String> {
    let mut wasm = Vec::new();
    let fingerprint = look(path, Some(&mut wasm))?;
    Ok(Content { wasm, fingerprint })
}

/// Reads a file piece by piece: of one that was compiled before no more need be known, and what is
/// read whole stays with the process for a while.
pub(crate) fn fingerprint(path: &Path) -> Result<Fingerprint, String> {
    look(path, None)
}

/// Reads a file, and gives what it has if that is wanted.
fn look(path: &Path, mut wasm: Option<&mut Vec<u8>>) -> Result<Fingerprint, String> {
    let unreadable = |error: io::Error| format!("it can't be read: {error}");
    let mut piece = vec![0; PIECE_LEN];
    for _ in 0..READS_MAX {
        let began = SystemTime::now();
        // Before it is opened: opening a pipe would wait.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err("it is not a file".to_owned());
        }
        let mut file = fs::File::open(path).map_err(unreadable)?;
        let stamp = |file: &fs::File| file.metadata().map(|metadata| Stamp::of(&metadata));
        let before = stamp(&file).map_err(unreadable)?;
        let size = before.size;
        if size > FILE_MAX {
            return Err(format!("it has {size} bytes, more than {FILE_MAX}"));
        }
        if let Some(wasm) = &mut wasm {
            // At once: what a growing one leaves behind stays with the process, too.
            **wasm = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        }
        let mut hash = cache::Hashing::default();
        let mut left = size;
        let mut limited = Read::by_ref(&mut file).take(FILE_MAX + 1);
        loop {
            let len = limited.read(&mut piece).map_err(unreadable)?;
            let read = piece.get(..len).unwrap_or_default();
            // More than it was to have: it grows.
            let Some(rest) = left.checked_sub(len as u64) else {
                break;
            };
            left = rest;
            if len == 0 {
                break;
            }
            hash.add(read);
            if let Some(wasm) = &mut wasm {
                wasm.extend_from_slice(read);
            }
        }
        if stamp(&file).map_err(unreadable)? == before && left == 0 {
            return Ok(Fingerprint {
                sha256: hash.end(),
                stamp: Some(before).filter(|stamp| stamp.tells(began)),
            });
        }
    }
    Err("it is being written: it is read again when it changes".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_tells_nothing_about_a_file_that_has_just_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        fs::write(&path, b"a").unwrap();
        let stamp = Stamp::at(&path).unwrap();
        let now = SystemTime::now();
        assert!(!stamp.tells(now));
        assert!(
            !stamp.tells(now - Duration::from_secs(10)),
            "the clock went back"
        );
        assert!(stamp.tells(now + Duration::from_secs(10)));
        assert_eq!(read(&path).unwrap().fingerprint.stamp, None);
    }

    #[test]
    fn every_change_gives_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        fs::write(&path, b"a").unwrap();
        let first = Stamp::at(&path).unwrap();
        assert_eq!(Stamp::at(&path), Some(first));
        fs::write(&path, b"aa").unwrap();
        assert_ne!(Stamp::at(&path), Some(first), "another length");
        let other = folder.path().join("b.wasm");
        fs::write(&other, b"b").unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let file = fs::File::options().append(true).open(&other).unwrap();
        file.set_modified(modified).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(Stamp::at(&path), Some(first), "another file");
    }

    #[test]
    fn only_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("folder.wasm")).unwrap();
        let mut mkfifo = std::process::Command::new("mkfifo");
        assert!(mkfifo.arg(path("pipe.wasm")).status().unwrap().success());
        fs::write(path(".hidden.wasm"), b"a").unwrap();
        fs::write(path("other.txt"), b"a").unwrap();
        let found: Vec<_> = scan(folder.path()).unwrap().into_keys().collect();
        assert_eq!(found, ["folder", "pipe"]);
        for name in ["folder.wasm", "pipe.wasm", "absent.wasm"] {
            assert!(read(&path(name)).is_err(), "{name}");
        }
        let huge = fs::File::create(path("huge.wasm")).unwrap();
        huge.set_len(FILE_MAX + 1).unwrap();
        let refused = read(&path("huge.wasm")).err().unwrap();
        assert!(refused.contains("more than"), "{refused}");
    }
}
