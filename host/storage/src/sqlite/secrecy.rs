//! Nobody else on the machine may read a store: what Chapar makes is its user's alone, whatever the
//! umask is. What is there already stays as its operator has it, and the log says so if that lets
//! others in.

use super::FILE;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes a folder, and those above it, if it isn't there.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes an empty file if there is none. SQLite gives those beside its own the same mode.
pub(super) fn make_file(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a file that was made otherwise the user's alone.
pub(super) fn keep(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o600))
}

/// Says, once for each store, that others may read it.
pub(super) fn warn(folder: &Path) {
    static SAID: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let Ok(folder) = folder.canonicalize() else {
        return;
    };
    if is_open(&folder) && SAID.lock().insert(folder.clone()) {
        tracing::warn!(
            "others on this machine may read the store in {}: `chmod -R go=` it",
            folder.display()
        );
    }
}

/// Whether others come as far as a store's folder, and may read what is in it.
fn is_open(folder: &Path) -> bool {
    let allows = |path: &Path, bits: u32| {
        let mode = path
            .metadata()
            .map(|metadata| metadata.permissions().mode());
        mode.is_ok_and(|mode| mode & bits == bits)
    };
    folder.ancestors().all(|above| allows(above, 0o001))
        && (allows(&folder.join(FILE), 0o004) || allows(&folder.join("blobs"), 0o001))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{SqliteStore, StoreLimits};
    use std::fs;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    /// Everything in a folder, and itself.
    fn all(folder: &Path, found: &mut Vec<PathBuf>) {
        found.push(folder.to_owned());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => all(&path, found),
                false => found.push(path),
            }
        }
    }

    #[tokio::test]
    async fn a_store_is_its_users_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("tenants/a");
        let store = SqliteStore::open(&folder, "a", StoreLimits::default()).unwrap();
        let staging = store.bodies.stage().await.unwrap();
        let _blob = store.bodies.finish(staging).await.unwrap();
        let mut found = Vec::new();
        all(&folder, &mut found);
        assert!(found.iter().any(|path| path.ends_with("store.sqlite3-wal")));
        assert!(
            found
                .iter()
                .any(|path| path.parent().unwrap().ends_with("staging"))
        );
        // What object_store makes in `blobs` nobody else gets to.
        let staging = folder.join("blobs/staging");
        for path in found.iter().filter(|path| **path != staging) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(path), expected, "{}", path.display());
        }
        assert_eq!(mode(&root.path().join("tenants")), 0o700);
    }

    #[test]
    fn what_others_may_read_is_told_and_left_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode: u32| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        let folder = root.path().join("store");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(FILE), "").unwrap();
        set(&folder.join(FILE), 0o644);
        set(&folder, 0o755);
        set(root.path(), 0o755);
        drop(SqliteStore::open(&folder, "a", StoreLimits::default()).unwrap());
        assert_eq!((mode(&folder), mode(&folder.join(FILE))), (0o755, 0o644));
        assert!(is_open(&folder));
        for closed in [root.path(), &folder, &folder.join(FILE)] {
            let before = mode(closed);
            set(closed, before & 0o770);
            assert!(!is_open(&folder), "{}", closed.display());
            set(closed, before);
        }
    }
}
