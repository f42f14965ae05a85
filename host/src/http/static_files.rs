//! Static files below `httpdocroot`. No path leads out of it, through symbolic links neither;
//! names that begin with a dot are not there, `.well-known` (RFC 8615) apart.

use super::body::{BodyError, Pieces};
use super::content::Content;
use super::reply::Reply;
use super::target;
use super::unsent::PIECE_LEN;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use parking_lot::Mutex;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Up to here a file is read at once, on the thread that asks: cheaper than to go elsewhere.
const AT_ONCE_MAX: u64 = 64 << 10;
/// How long the folder is kept open: when another takes its name, that one is served soon.
const REOPEN: Duration = Duration::from_secs(1);

/// A folder of files.
pub struct StaticFiles {
    root: PathBuf,
    allowed: Option<Vec<String>>,
    folder: Mutex<Option<(Instant, Arc<OwnedFd>)>>,
}

/// An open regular file.
pub struct OpenFile {
    file: Arc<File>,
    /// How many bytes it has.
    pub len: u64,
}

impl StaticFiles {
    /// Serves a folder, or of it only some paths.
    pub fn new(root: PathBuf, allowed: Option<Vec<String>>) -> Self {
        Self {
            root,
            allowed,
            folder: Mutex::default(),
        }
    }

    /// Answers GET and HEAD of a normalised path.
    pub fn find(&self, path: &str) -> Reply {
        match self.try_find(path) {
            Ok(reply) => reply,
            Err(error) if absent(&error) => not_found(),
            Err(error) => {
                tracing::warn!("can't read {path} below {}: {error}", self.root.display());
                Reply::text(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the file can't be read now",
                )
            }
        }
    }

    fn try_find(&self, path: &str) -> io::Result<Reply> {
        let Ok(decoded) = target::decode(path) else {
            return Ok(not_found());
        };
        if self
            .allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(|url| *url == *decoded))
        {
            return Ok(not_found());
        }
        let Some(relative) = relative(&decoded) else {
            return Ok(not_found());
        };
        let file = self.open(&relative)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            let mut reply = Reply::empty(StatusCode::MOVED_PERMANENTLY);
            reply.set_text(LOCATION, &format!("{path}/"));
            return Ok(reply);
        }
        if !metadata.is_file() {
            return Ok(not_found());
        }
        let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
        let mut reply = Reply::empty(StatusCode::OK);
        reply.set(CONTENT_TYPE, content_type(&relative));
        reply.set(
            CACHE_CONTROL,
            HeaderValue::from_static("max-age=86400, must-revalidate"),
        );
        reply.etag = Some(format!("\"{seconds:x}.{nanos:x}-{:x}\"", metadata.len()));
        reply.last_modified = Some(seconds.saturating_mul(1000));
        reply.content = Content::File(OpenFile {
            len: metadata.len(),
            file: Arc::new(file),
        });
        Ok(reply)
    }

    /// Opens a file that lies in the folder, whatever symbolic links there are.
    fn open(&self, relative: &str) -> io::Result<File> {
        // Not to wait for the other end of a FIFO.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let folder = self.folder()?;
        match rustix::fs::openat2(&*folder, relative, flags, Mode::empty(), resolve) {
            Ok(file) => Ok(file.into()),
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => {
                let root = self.root.canonicalize()?;
                let path = root.join(relative).canonicalize()?;
                if !path.starts_with(&root) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let flags = flags | OFlags::NOFOLLOW;
                Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn folder(&self) -> io::Result<Arc<OwnedFd>> {
        let mut folder = self.folder.lock();
        if let Some((opened, folder)) = &*folder
            && opened.elapsed() < REOPEN
        {
            return Ok(folder.clone());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = Arc::new(rustix::fs::openat(CWD, &self.root, flags, Mode::empty())?);
        *folder = Some((Instant::now(), opened.clone()));
        Ok(opened)
    }
}

impl OpenFile {
    /// Reads a small range at once; none if it isn't small.
    pub fn read_now(&self, range: &Range<u64>) -> Option<io::Result<Bytes>> {
        if range.end - range.start > AT_ONCE_MAX {
            return None;
        }
        Some(read(&self.file, range))
    }

    /// Reads a range piece by piece, on threads that may wait.
    pub fn pieces(&self, range: Range<u64>) -> Pieces {
        let state = (self.file.clone(), range);
        Box::pin(futures_util::stream::unfold(
            state,
            |(file, range)| async move {
                if range.is_empty() {
                    return None;
                }
                let end = range.end.min(range.start + PIECE_LEN as u64);
                let piece = range.start..end;
                let reader = file.clone();
                let read = tokio::task::spawn_blocking(move || read(&reader, &piece)).await;
                let read = read.map_err(BodyError::from);
                let piece = read.and_then(|piece| piece.map_err(BodyError::from));
                let rest = if piece.is_ok() { end..range.end } else { 0..0 };
                Some((piece, (file, rest)))
            },
        ))
    }
}

fn read(file: &File, range: &Range<u64>) -> io::Result<Bytes> {
    let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes.into())
}

/// The name below the folder; none for names that are not there for anyone.
fn relative(decoded: &str) -> Option<Cow<'_, str>> {
    let relative = decoded.strip_prefix('/')?;
    let visible = |(index, segment): (usize, &str)| {
        !segment.starts_with('.') || (index == 0 && segment == ".well-known")
    };
    let folders = relative.strip_suffix('/').unwrap_or(relative);
    if decoded.contains('\0') || !folders.split('/').enumerate().all(visible) {
        return None;
    }
    // An empty name is the folder itself, or a mistake.
    if !folders.is_empty() && folders.split('/').any(str::is_empty) {
        return None;
    }
    if relative.is_empty() || relative.ends_with('/') {
        return Some(Cow::Owned(format!("{relative}index.html")));
    }
    Some(Cow::Borrowed(relative))
}

fn absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound, PermissionDenied};
    let outside = [Errno::XDEV, Errno::LOOP].map(|errno| errno.raw_os_error());
    matches!(
        error.kind(),
        NotFound | NotADirectory | PermissionDenied | InvalidFilename
    ) || error
        .raw_os_error()
        .is_some_and(|errno| outside.contains(&errno))
}

fn not_found() -> Reply {
    Reply::text(StatusCode::NOT_FOUND, "there is nothing here")
}

fn content_type(name: &str) -> HeaderValue {
    let (_, extension) = name.rsplit_once('.').unwrap_or_default();
    match mime_guess::from_ext(extension).first_raw() {
        Some("text/html") => HeaderValue::from_static("text/html; charset=utf-8"),
        Some("text/css") => HeaderValue::from_static("text/css; charset=utf-8"),
        Some("text/plain") => HeaderValue::from_static("text/plain; charset=utf-8"),
        Some("text/javascript") => HeaderValue::from_static("text/javascript; charset=utf-8"),
        Some(known) => HeaderValue::from_static(known),
        None => HeaderValue::from_static("application/octet-stream"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_below_the_folder_and_visible() {
        let name = |path| relative(path).map(Cow::into_owned);
        assert_eq!(name("/"), Some("index.html".into()));
        assert_eq!(name("/a/"), Some("a/index.html".into()));
        assert_eq!(name("/a b.txt"), Some("a b.txt".into()));
        assert_eq!(name("/.well-known/x"), Some(".well-known/x".into()));
        for hidden in [
            "/.git/config",
            "/a/.htaccess",
            "/a/.well-known/x",
            "//etc",
            "/a//b",
            "/a\0",
            "/a//",
        ] {
            assert_eq!(name(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn no_link_leads_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "a").unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let link = |to: &std::path::Path, name: &str| {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        };
        link(&outside.path().join("secret"), "out.txt");
        link(outside.path(), "outdir");
        link(std::path::Path::new("a.txt"), "in.txt");
        let files = StaticFiles::new(folder.path().to_owned(), None);
        let status = |path: &str| files.find(path).status.as_u16();
        assert_eq!(status("/a.txt"), 200);
        assert_eq!(status("/in.txt"), 200);
        assert_eq!(status("/out.txt"), 404);
        assert_eq!(status("/outdir/secret"), 404);
        assert_eq!(status("/sub"), 301);
        assert_eq!(status("/sub/"), 404);
        assert_eq!(status("/a.txt/"), 404);
        let only = StaticFiles::new(folder.path().to_owned(), Some(vec!["/in.txt".into()]));
        assert_eq!(only.find("/in.txt").status.as_u16(), 200);
        assert_eq!(only.find("/a.txt").status.as_u16(), 404);
    }
}
