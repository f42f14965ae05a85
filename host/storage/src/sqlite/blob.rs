//! Bodies too big for a row: files named by their digest, written beside their place and moved into
//! it when they are linked.
//!
//! A body is in place, and durable, before a row refers to it; it goes an hour after the last row
//! went, inside a write transaction, so nobody can link it in between.

use super::Faults;
use super::counts::Counts;
use super::hold::{self, Hold};
use super::{clock, secrecy, unavailable};
use crate::model::{Blob, BlobSource, Digest};
use crate::store::Error;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{GetResultPayload, MultipartUpload, ObjectStoreExt, PutPayload};
use parking_lot::Mutex;
use rustix::io::{ReadWriteFlags, preadv2};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Weak};

/// What is written with one hop to a blocking thread.
const CHUNK: usize = 1 << 20;
/// What a stream reads and gives at a time: what is sent soon is still in the processor's cache.
const PIECE: usize = 64 << 10;
/// How many pieces a stream keeps to use their memory again.
const USED_MAX: usize = 3;

type Waiting = Arc<Mutex<HashMap<Digest, Vec<Weak<Staged>>>>>;

pub(super) struct Bodies {
    folder: PathBuf,
    objects: Arc<LocalFileSystem>,
    waiting: Waiting,
    counts: Arc<Counts>,
    faults: Arc<Faults>,
}

impl Bodies {
    pub(super) fn open(
        folder: &Path,
        counts: Arc<Counts>,
        faults: Arc<Faults>,
    ) -> Result<Self, Error> {
        secrecy::make_folder(folder).map_err(unavailable)?;
        let objects = LocalFileSystem::new_with_prefix(folder)
            .map_err(unavailable)?
            .with_fsync(true);
        Ok(Self {
            folder: folder.to_owned(),
            objects: Arc::new(objects),
            waiting: Waiting::default(),
            counts,
            faults,
        })
    }

    /// Opens a body. It can be read to its end even if it is removed meanwhile.
    pub(super) async fn blob(&self, digest: Digest) -> Result<Blob, Error> {
        let (file, size) = self.file(&location(digest)).await?;
        Ok(stored(file, size, digest, None))
    }

    async fn file(&self, at: &Location) -> Result<(File, u64), Error> {
        let found = self.objects.get(at).await.map_err(unavailable)?;
        let size = found.meta.size;
        match found.payload {
            GetResultPayload::File(file, _) => Ok((file, size)),
            GetResultPayload::Stream(_) => Err(Error::Unavailable("not a file".into())),
        }
    }

    /// Begins to take in a body.
    pub(super) async fn stage(&self) -> Result<Staging, Error> {
        self.faults.before("taking in")?;
        let at = Location::from(format!("staging/{}", uuid::Uuid::new_v4()));
        let upload = self.objects.put_multipart(&at).await.map_err(unavailable)?;
        Ok(Staging {
            at,
            upload,
            hash: Sha256::new(),
            faults: self.faults.clone(),
            size: 0,
            pending: Vec::new(),
            pending_bytes: 0,
        })
    }

    /// Ends it: the bytes are durable, and gone again when the blob is dropped before it is linked.
    pub(super) async fn finish(&self, mut staging: Staging) -> Result<Blob, Error> {
        staging.flush().await?;
        self.faults.before("completing a body")?;
        staging.upload.complete().await.map_err(unavailable)?;
        // The file, and the folder that it is in.
        self.counts.synced(2);
        let digest = Digest(staging.hash.finalize().into());
        let (file, size) = self.file(&staging.at).await?;
        secrecy::keep(&file).map_err(unavailable)?;
        let staged = Arc::new(Staged {
            file: self.folder.join(staging.at.as_ref()),
            at: staging.at,
            size,
            moved: tokio::sync::Mutex::new(false),
            gone: std::sync::atomic::AtomicBool::new(false),
        });
        let mut waiting = self.waiting.lock();
        waiting.retain(|_, staged| {
            staged.retain(|staged| staged.strong_count() > 0);
            !staged.is_empty()
        });
        waiting
            .entry(digest)
            .or_default()
            .push(Arc::downgrade(&staged));
        drop(waiting);
        Ok(stored(file, size, digest, Some(staged)))
    }

    /// Moves a body that was taken in to its place. Says whether it had to.
    pub(super) async fn settle(&self, digest: Digest) -> Result<bool, Error> {
        let waiting: Vec<_> = self
            .waiting
            .lock()
            .get(&digest)
            .map(|staged| staged.iter().filter_map(Weak::upgrade).collect())
            .unwrap_or_default();
        for staged in waiting {
            let mut moved = staged.moved.lock().await;
            if *moved {
                continue;
            }
            self.faults.before("moving a body")?;
            self.objects
                .rename(&staged.at, &location(digest))
                .await
                .map_err(unavailable)?;
            *moved = true;
            // The folder that it comes to, and the one that it leaves.
            self.counts.synced(2);
            self.counts.blob_came(staged.size);
            staged
                .gone
                .store(true, std::sync::atomic::Ordering::Release);
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether a body is in place. Called within a write transaction, which keeps it there.
    pub(super) fn has(&self, digest: Digest) -> bool {
        self.place(digest).exists()
    }

    /// Takes the right to remove bodies. None while a backup is made: it may need them.
    pub(super) fn claim(&self) -> Result<Option<Hold>, Error> {
        hold::seize(&self.folder)
    }

    /// Removes a body unless it came just now. Called within a write transaction.
    pub(super) fn remove(&self, digest: Digest) -> Result<bool, Error> {
        let place = self.place(digest);
        if !older(&place, super::GRACE_MS) {
            return Ok(false);
        }
        self.faults.before("removing a body")?;
        let bytes = std::fs::metadata(&place).map_or(0, |file| file.len());
        std::fs::remove_file(place).map_err(unavailable)?;
        self.counts.blob_went(bytes);
        Ok(true)
    }

    /// Removes what was being taken in when a process died.
    pub(super) fn sweep(&self, age_ms: i64) -> Result<u64, Error> {
        let mut swept = 0;
        let Ok(entries) = std::fs::read_dir(self.folder.join("staging")) else {
            return Ok(0);
        };
        for entry in entries {
            let file = entry.map_err(unavailable)?.path();
            if older(&file, age_ms) && std::fs::remove_file(file).is_ok() {
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// The digests of all bodies that came so long ago, and not longer.
    pub(super) fn all(&self, from_ms: i64, to_ms: i64) -> Result<Vec<Digest>, Error> {
        let mut found = Vec::new();
        self.each(|entry| {
            if older(&entry.path(), from_ms) && !older(&entry.path(), to_ms) {
                let name = entry.file_name();
                found.extend(name.to_str().and_then(Digest::from_hex));
            }
        })?;
        Ok(found)
    }

    /// Counts the bodies in place anew: other processes put and remove some too.
    pub(super) fn recount(&self) -> Result<(), Error> {
        let (mut blobs, mut bytes) = (0, 0);
        self.each(|entry| {
            blobs += 1;
            bytes += entry.metadata().map_or(0, |file| file.len());
        })?;
        self.counts.blobs_are(blobs, bytes);
        Ok(())
    }

    fn each(&self, mut look: impl FnMut(&std::fs::DirEntry)) -> Result<(), Error> {
        let Ok(shelves) = std::fs::read_dir(self.folder.join("sha256")) else {
            return Ok(());
        };
        for shelf in shelves {
            let shelf = shelf.map_err(unavailable)?;
            for entry in std::fs::read_dir(shelf.path()).map_err(unavailable)? {
                look(&entry.map_err(unavailable)?);
            }
        }
        Ok(())
    }

    fn place(&self, digest: Digest) -> PathBuf {
        self.folder.join(path(digest))
    }
}

fn older(file: &Path, age_ms: i64) -> bool {
    let Ok(modified) = file.metadata().and_then(|file| file.modified()) else {
        return false;
    };
    let modified = modified
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
    clock().saturating_sub(modified) >= age_ms
}

/// Where a body lies below its folder.
pub(super) fn path(digest: Digest) -> PathBuf {
    PathBuf::from(location(digest).as_ref())
}

fn location(digest: Digest) -> Location {
    let hex = digest.to_hex();
    let shelf = hex.get(..2).unwrap_or_default();
    Location::from(format!("sha256/{shelf}/{hex}"))
}

fn stored(file: File, size: u64, digest: Digest, staged: Option<Arc<Staged>>) -> Blob {
    Blob {
        size,
        digest,
        inline: None,
        source: Arc::new(Stored {
            file: Arc::new(file),
            size,
            _staged: staged,
        }),
    }
}

/// A body on its way in.
pub(super) struct Staging {
    at: Location,
    upload: Box<dyn MultipartUpload>,
    hash: Sha256,
    faults: Arc<Faults>,
    pub(super) size: u64,
    pending: Vec<Bytes>,
    pending_bytes: usize,
}

impl Staging {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.hash.update(&bytes);
        self.size += bytes.len() as u64;
        self.pending_bytes += bytes.len();
        self.pending.push(bytes);
        if self.pending_bytes >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.pending_bytes = 0;
        self.faults.before("writing a body")?;
        let payload: PutPayload = self.pending.drain(..).collect();
        self.upload.put_part(payload).await.map_err(unavailable)
    }
}

/// A body that waits to be linked.
struct Staged {
    file: PathBuf,
    at: Location,
    size: u64,
    moved: tokio::sync::Mutex<bool>,
    gone: std::sync::atomic::AtomicBool,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !*self.gone.get_mut() {
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

/// Bytes in a file that is open.
struct Stored {
    file: Arc<File>,
    size: u64,
    _staged: Option<Arc<Staged>>,
}

impl Stored {
    /// Reads what the system has in memory, without waiting for a disk, on the thread that asks: no
    /// hop, and the bytes are in the cache of the processor that sends them. None if there is
    /// nothing of it, or if the file system can't tell.
    fn read_now(&self, offset: u64, buffer: &mut BytesMut) -> Option<usize> {
        let into = &mut [IoSliceMut::new(buffer)];
        let read = preadv2(&*self.file, into, offset, ReadWriteFlags::NOWAIT);
        read.ok().filter(|len| *len > 0)
    }

    /// Reads all of a range on a thread that may wait.
    async fn read_whole(&self, offset: u64, mut buffer: BytesMut) -> Result<Bytes, Error> {
        let file = self.file.clone();
        let read = tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut buffer, offset)
                .map_err(unavailable)?;
            Ok(buffer.freeze())
        });
        read.await.map_err(unavailable)?
    }
}

#[async_trait::async_trait]
impl BlobSource for Stored {
    async fn read(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.read_whole(offset, BytesMut::zeroed(len.min(left)))
            .await
    }

    fn stream(
        self: Arc<Self>,
        offset: u64,
        end: u64,
    ) -> Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>> {
        let reading = Reading {
            end: end.min(self.size),
            source: self,
            used: VecDeque::with_capacity(USED_MAX),
            offset,
        };
        Box::pin(stream::try_unfold(reading, Reading::next))
    }
}

/// A stream of pieces.
struct Reading {
    source: Arc<Stored>,
    /// Pieces given out, oldest first: their memory serves again once the receiver is done with it.
    used: VecDeque<Bytes>,
    offset: u64,
    end: u64,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(PIECE);
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = self.buffer(left.min(PIECE));
        let piece = match self.source.read_now(self.offset, &mut buffer) {
            Some(len) => {
                buffer.truncate(len);
                buffer.freeze()
            }
            None => self.source.read_whole(self.offset, buffer).await?,
        };
        self.offset += piece.len() as u64;
        if self.used.len() < USED_MAX {
            self.used.push_back(piece.clone());
        }
        Ok(Some((piece, self)))
    }

    /// Memory for a piece: such as was used before costs no page faults.
    fn buffer(&mut self, len: usize) -> BytesMut {
        let mut buffer = match self.used.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(buffer)) if buffer.capacity() >= len => buffer,
            Some(Err(busy)) => {
                self.used.push_front(busy);
                return BytesMut::zeroed(len);
            }
            Some(Ok(_)) | None => return BytesMut::zeroed(len),
        };
        buffer.resize(len, 0);
        buffer
    }
}

/// Bytes at hand.
pub(super) struct Memory {
    bytes: Bytes,
}

impl Memory {
    pub(super) fn blob(bytes: Bytes, digest: Digest) -> Blob {
        Blob {
            size: bytes.len() as u64,
            digest,
            inline: Some(bytes.clone()).filter(|bytes| bytes.len() <= super::SMALL_MAX),
            source: Arc::new(Self { bytes }),
        }
    }

    fn slice(&self, offset: u64, end: u64) -> Bytes {
        let at =
            |at: u64| usize::try_from(at).map_or(self.bytes.len(), |at| at.min(self.bytes.len()));
        let (start, end) = (at(offset), at(end));
        self.bytes.slice(start..end.max(start))
    }
}

#[async_trait::async_trait]
impl BlobSource for Memory {
    async fn read(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        Ok(self.slice(offset, offset.saturating_add(len as u64)))
    }

    fn stream(
        self: Arc<Self>,
        offset: u64,
        end: u64,
    ) -> Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>> {
        Box::pin(stream::unfold(
            self.slice(offset, end),
            |mut left| async move {
                let piece = left.split_to(left.len().min(PIECE));
                (!piece.is_empty()).then_some((Ok(piece), left))
            },
        ))
    }
}

/// A header section at hand with a body that is not.
pub(super) struct Chained {
    header: Arc<Memory>,
    body: Arc<dyn BlobSource>,
}

impl Chained {
    pub(super) fn blob(header: Bytes, body: &Blob) -> Blob {
        Blob {
            size: header.len() as u64 + body.size,
            digest: Digest::default(),
            inline: None,
            source: Arc::new(Self {
                header: Arc::new(Memory { bytes: header }),
                body: body.source.clone(),
            }),
        }
    }
}

#[async_trait::async_trait]
impl BlobSource for Chained {
    async fn read(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let cut = self.header.bytes.len() as u64;
        let head = self.header.read(offset, len).await?;
        if head.len() == len {
            return Ok(head);
        }
        let tail = self
            .body
            .read(offset.saturating_sub(cut), len - head.len())
            .await?;
        Ok([head, tail].concat().into())
    }

    fn stream(
        self: Arc<Self>,
        offset: u64,
        end: u64,
    ) -> Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>> {
        let cut = self.header.bytes.len() as u64;
        let head = self.header.clone().stream(offset, end);
        let tail = self
            .body
            .clone()
            .stream(offset.saturating_sub(cut), end.saturating_sub(cut));
        Box::pin(head.chain(tail))
    }
}
