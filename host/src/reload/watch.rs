//! Which folders are watched for changes. Folders, not files: editors put a new file in the place
//! of the old one, and symbolic links are swapped.

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;

/// Watches folders. What an event says is not looked at: it only wakes whoever waits.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches nothing yet.
    pub fn start(changed: Arc<Notify>) -> Self {
        let wake = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_change(event.kind)) {
                changed.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(wake)
            .inspect_err(|error| {
                tracing::warn!("changed files are not seen, but on SIGHUP: {error}");
            })
            .ok();
        Self {
            watcher,
            folders: BTreeSet::new(),
        }
    }

    /// Watches these files and folders from now on; returns whether there is a folder among theirs
    /// that was not watched before.
    pub fn follow(&mut self, places: Vec<PathBuf>) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let wanted: BTreeSet<_> = places.iter().flat_map(|place| folders(place)).collect();
        for folder in self.folders.difference(&wanted) {
            let _ = watcher.unwatch(folder);
        }
        let mut watched = BTreeSet::new();
        for folder in wanted {
            // Those watched already, too: a folder that was removed and made anew is another.
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(folder);
                }
                Err(error) if self.folders.contains(&folder) => {
                    tracing::warn!("changes in {} are not seen: {error}", folder.display());
                }
                Err(_) => {}
            }
        }
        let more = watched.difference(&self.folders).next().is_some();
        self.folders = watched;
        more
    }
}

/// Reading is no change: what is read after a change would be the next one.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// The folders in which a change can make a place mean something else: itself if it is a folder,
/// and that in which it lies, as named and where symbolic links lead. Of one that isn't there, the
/// nearest folder that is.
fn folders(place: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let above = |path: &Path| {
        let mut above = path.ancestors().skip(1);
        above
            .find(|folder| folder.is_dir() || folder.as_os_str().is_empty())
            .map(|folder| match folder.as_os_str().is_empty() {
                true => PathBuf::from("."),
                false => folder.to_owned(),
            })
    };
    if place.is_dir() {
        folders.push(place.to_owned());
    }
    if !place.is_dir() || place.is_symlink() {
        folders.extend(above(place));
    }
    if place.is_symlink()
        && let Ok(target) = place.canonicalize()
    {
        folders.extend(above(&target));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn folders_are_watched_where_a_change_can_happen() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("real/deep")).unwrap();
        fs::write(at("real/file"), "").unwrap();
        symlink(at("real/file"), at("link")).unwrap();
        assert_eq!(folders(&at("real")), [at("real")]);
        assert_eq!(folders(&at("real/file")), [at("real")]);
        assert_eq!(folders(&at("real/none/none")), [at("real")]);
        let real = at("real").canonicalize().unwrap();
        assert_eq!(folders(&at("link")), [root.path().to_owned(), real]);
        assert_eq!(folders(Path::new("none.conf")), [PathBuf::from(".")]);
    }

    #[tokio::test]
    async fn changes_wake_and_reading_does_not() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "a").unwrap();
        let changed = Arc::new(Notify::new());
        let mut watch = Watch::start(changed.clone());
        assert!(watch.follow(vec![file.clone()]));
        assert!(!watch.follow(vec![file.clone()]));
        // Reads come before the change: had one of them woken, a second wake would be left.
        for _ in 0..3 {
            fs::read(&file).unwrap();
        }
        let wait = std::time::Duration::from_millis(300);
        assert!(
            tokio::time::timeout(wait, changed.notified())
                .await
                .is_err()
        );
        fs::write(root.path().join("new"), "b").unwrap();
        fs::rename(root.path().join("new"), &file).unwrap();
        let wait = std::time::Duration::from_secs(10);
        assert!(tokio::time::timeout(wait, changed.notified()).await.is_ok());
    }
}
