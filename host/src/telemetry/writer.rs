//! The thread that writes transcripts. What it can't keep up with is dropped, and said to be.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// More than this waiting is dropped: the disk is too slow.
const WAITING_MAX: usize = 16 << 20;
/// A file grows to this, and no further.
const FILE_MAX: u64 = 64 << 20;
/// Files are closed when nothing was written for so long: they may have been removed.
const IDLE: Duration = Duration::from_secs(5);
/// How many files are open at once.
const OPEN_MAX: usize = 64;

/// Writes entries to files in the folders of users.
pub struct Writer {
    folder: PathBuf,
    waiting: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    /// Begun when there is something to write.
    thread: Mutex<Option<Sender<Entry>>>,
}

struct Entry {
    folder: Arc<str>,
    text: Vec<u8>,
}

impl Writer {
    /// Writes below this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            waiting: Arc::default(),
            dropped: Arc::default(),
            thread: Mutex::new(None),
        }
    }

    /// Writes an entry, some time soon.
    pub fn put(&self, folder: &Arc<str>, text: Vec<u8>) {
        let len = text.len();
        if self.waiting.fetch_add(len, Relaxed) + len > WAITING_MAX {
            self.waiting.fetch_sub(len, Relaxed);
            self.dropped.fetch_add(1, Relaxed);
            return;
        }
        let entry = Entry {
            folder: folder.clone(),
            text,
        };
        let mut thread = self.thread.lock();
        let sender = thread.get_or_insert_with(|| self.begin());
        // It ends only with this.
        let _ = sender.send(entry);
    }

    fn begin(&self) -> Sender<Entry> {
        let (sender, entries) = channel();
        let mut files = Files {
            folder: self.folder.clone(),
            waiting: self.waiting.clone(),
            dropped: self.dropped.clone(),
            open: HashMap::new(),
        };
        let thread = std::thread::Builder::new().name("telemetry".to_owned());
        if let Err(error) = thread.spawn(move || files.write_for_ever(&entries)) {
            tracing::error!("no telemetry: {error}");
        }
        sender
    }
}

/// What the thread has.
struct Files {
    folder: PathBuf,
    waiting: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    /// Files and their sizes; none for what can't be written.
    open: HashMap<Arc<str>, Option<(File, u64)>>,
}

impl Files {
    fn write_for_ever(&mut self, entries: &Receiver<Entry>) {
        loop {
            match entries.recv_timeout(IDLE) {
                Ok(entry) => self.write(&entry),
                Err(RecvTimeoutError::Timeout) => self.open.clear(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&mut self, entry: &Entry) {
        self.waiting.fetch_sub(entry.text.len(), Relaxed);
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&entry.folder) {
            self.open.clear();
        }
        let folder = &self.folder;
        let file = self.open.entry(entry.folder.clone()).or_insert_with(|| {
            let folder = folder.join(&*entry.folder);
            let opened = open(&folder);
            let opened = opened.inspect_err(|error| {
                tracing::warn!("no telemetry in {}: {error}", folder.display());
            });
            opened.ok()
        });
        let Some((open, size)) = file else { return };
        let dropped = self.dropped.swap(0, Relaxed);
        let result = append(open, size, dropped, &entry.text);
        if let Err(error) = result {
            tracing::warn!("no more telemetry of {}: {error}", entry.folder);
            *file = None;
        }
    }
}

/// Opens the file of this process, which nobody else may read.
fn open(folder: &Path) -> io::Result<(File, u64)> {
    let no_links = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(no_links)
        .open(folder.join(std::process::id().to_string()))?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn append(file: &mut File, size: &mut u64, dropped: usize, text: &[u8]) -> io::Result<()> {
    if *size >= FILE_MAX {
        let full = format!("its file has reached {} MiB: move it away", FILE_MAX >> 20);
        return Err(io::Error::other(full));
    }
    if dropped > 0 {
        writeln!(file, "[{dropped} parts were dropped: the disk is too slow]")?;
    }
    file.write_all(text)?;
    *size += text.len() as u64;
    if *size >= FILE_MAX {
        writeln!(file, "[the end: this file is as big as it may be]")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_grows_to_its_bound_and_tells_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, mut size) = open(folder.path()).unwrap();
        append(&mut file, &mut size, 0, b"one\n").unwrap();
        append(&mut file, &mut size, 2, b"two\n").unwrap();
        size = FILE_MAX - 1;
        append(&mut file, &mut size, 0, b"three\n").unwrap();
        let full = append(&mut file, &mut size, 0, b"four\n").unwrap_err();
        assert!(full.to_string().contains("64 MiB"));
        let path = folder.path().join(std::process::id().to_string());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("one\n[2 parts were dropped"), "{text}");
        assert!(text.contains("two\nthree\n[the end"), "{text}");
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_link_in_the_way_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::fs::write(&target, b"").unwrap();
        let link = folder.path().join(std::process::id().to_string());
        std::os::unix::fs::symlink(&target, link).unwrap();
        assert!(open(folder.path()).is_err());
    }

    #[test]
    fn what_waits_is_bounded() {
        let writer = Writer::new(PathBuf::from("/nowhere"));
        writer.waiting.store(WAITING_MAX, Relaxed);
        writer.put(&Arc::from("x"), vec![0; 10]);
        assert_eq!(writer.dropped.load(Relaxed), 1);
        assert_eq!(writer.waiting.load(Relaxed), WAITING_MAX);
    }
}
