//! Where messages are in files, and how they are read.

use super::{Format, maildir, mbox, newlines};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use storage::Instant;

/// Folders in each other, at most.
const DEPTH_MAX: usize = 32;
/// The biggest message that is read.
const MESSAGE_LEN_MAX: u64 = 1 << 30;

/// A message in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: PathBuf,
    /// Where in it, if it isn't all of it.
    pub range: Option<Range<u64>>,
    /// The folder that it was in, outermost part first.
    pub folder: Vec<String>,
    /// Its flags.
    pub flags: Vec<String>,
    /// When it came, as far as the file tells.
    pub received: Instant,
}

/// Finds the messages at a path, in the order of their folders and names.
pub fn find(path: &Path, format: Option<Format>) -> io::Result<Vec<Found>> {
    let format = match format {
        Some(format) => format,
        None => guess(path)?,
    };
    let mut found = Vec::new();
    match format {
        Format::Mbox => from_mbox(path, &mut found)?,
        Format::Maildir => from_maildir(path, &mut found)?,
        Format::Eml | Format::Cyrus => from_files(path, format, &[], &mut found)?,
    }
    found.sort_by(|one, other| (&one.folder, &one.file).cmp(&(&other.folder, &other.file)));
    Ok(found)
}

/// Sees by what is there.
fn guess(path: &Path) -> io::Result<Format> {
    if fs::metadata(path)?.is_dir() {
        let is_maildir = path.join("cur").is_dir();
        let is_cyrus = path.join("cyrus.header").is_file();
        return Ok(match (is_maildir, is_cyrus) {
            (true, _) => Format::Maildir,
            (_, true) => Format::Cyrus,
            _ => Format::Eml,
        });
    }
    let mut begin = [0; 5];
    let is_mbox = File::open(path)?.read_exact(&mut begin).is_ok() && begin == *b"From ";
    Ok(if is_mbox { Format::Mbox } else { Format::Eml })
}

fn from_mbox(path: &Path, found: &mut Vec<Found>) -> io::Result<()> {
    let received = modified(path)?;
    for range in mbox::find(BufReader::new(File::open(path)?))? {
        found.push(Found {
            file: path.to_owned(),
            range: Some(range),
            folder: Vec::new(),
            flags: Vec::new(),
            received,
        });
    }
    Ok(())
}

fn from_maildir(path: &Path, found: &mut Vec<Found>) -> io::Result<()> {
    let mut folders = vec![(path.to_owned(), Vec::new())];
    for entry in entries(path)? {
        let name = entry.file_name().and_then(|name| name.to_str());
        if let Some(folder) = name.and_then(maildir::folder).filter(|_| entry.is_dir()) {
            folders.push((entry, folder));
        }
    }
    for (path, folder) in folders {
        for part in ["new", "cur"] {
            let part = path.join(part);
            if !part.is_dir() {
                continue;
            }
            for file in entries(&part)? {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with('.') || !file.is_file() {
                    continue;
                }
                found.push(Found {
                    range: None,
                    folder: folder.clone(),
                    flags: maildir::flags(&name),
                    received: modified(&file)?,
                    file,
                });
            }
        }
    }
    Ok(())
}

fn from_files(
    path: &Path,
    format: Format,
    folder: &[String],
    found: &mut Vec<Found>,
) -> io::Result<()> {
    if !path.is_dir() {
        found.push(Found {
            file: path.to_owned(),
            range: None,
            folder: folder.to_vec(),
            flags: Vec::new(),
            received: modified(path)?,
        });
        return Ok(());
    }
    for entry in entries(path)? {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if entry.is_dir() && !name.starts_with('.') && folder.len() < DEPTH_MAX {
            let inner: Vec<String> = folder.iter().cloned().chain([name]).collect();
            from_files(&entry, format, &inner, found)?;
        } else if entry.is_file() && is_message(&name, format) {
            from_files(&entry, format, folder, found)?;
        }
    }
    Ok(())
}

/// Cyrus names a message by its number and a dot.
fn is_message(name: &str, format: Format) -> bool {
    match format {
        Format::Cyrus => name.strip_suffix('.').is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        _ => name.to_lowercase().ends_with(".eml"),
    }
}

/// What is in a folder, links that lead nowhere left out.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    entries.collect()
}

fn modified(path: &Path) -> io::Result<Instant> {
    let modified = fs::metadata(path)?.modified()?;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Found {
    /// Reads it, with lines as they are in a store.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.file)?;
        let len = match &self.range {
            Some(range) => {
                file.seek(SeekFrom::Start(range.start))?;
                range.end - range.start
            }
            None => file.metadata()?.len(),
        };
        if len > MESSAGE_LEN_MAX {
            return Err(io::Error::other("a message of more than a gigabyte"));
        }
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes)?;
        if self.range.is_some() {
            bytes = mbox::read(&bytes);
        }
        Ok(newlines::to_wire(&bytes))
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        match &self.range {
            Some(range) => format!("{} at byte {}", self.file.display(), range.start),
            None => self.file.display().to_string(),
        }
    }
}
