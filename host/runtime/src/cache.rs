//! Compiled modules, so that a start costs milliseconds and not minutes. Compiled code runs with
//! all the host's power: only files that this host has written are ever loaded, which a keyed hash
//! proves.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, BufRead, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The file with the key of the hashes.
const KEY_FILE: &str = "key";
/// As long as a block of SHA-256.
const KEY_LEN: usize = 64;
/// How compiled files end.
const COMPILED: &str = "cwasm";
/// How their hashes end.
const SEAL: &str = "seal";
/// How files end that are being written.
const NEW: &str = "new";
/// How long that may take.
const WRITE_TIME_MAX: Duration = Duration::from_secs(600);

/// The folder of compiled modules.
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_LEN],
    /// What compiled code depends on besides the module: compiler, settings, processor.
    compatibility: String,
}

impl Cache {
    /// Opens the folder, and makes it and its key if they are missing.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        if !folder.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        if !is_private(folder, true)? {
            return Err(io::Error::other(format!(
                "{} can be written by others: make it the host's own, with mode 0700",
                folder.display()
            )));
        }
        Ok(Self {
            folder: folder.to_owned(),
            key: key(&folder.join(KEY_FILE))?,
            compatibility: compatibility(engine),
        })
    }

    /// Whether this is the cache in a folder.
    pub(crate) fn is_at(&self, folder: &Path) -> bool {
        self.folder == folder
    }

    /// Takes over compiled forms of files with these hashes from another cache, sealed with the key
    /// of this one.
    pub(crate) fn take_over(&self, before: &Self, sha256: &[String]) {
        for hash in sha256 {
            let (from, to) = (before.file(hash), self.file(hash));
            if to.exists() || !before.is_whole(&from) {
                continue;
            }
            let kept = fs::read(&from).and_then(|compiled| self.keep(&to, &compiled));
            if let Err(error) = kept {
                tracing::warn!("can't keep a compiled module in {}: {error}", to.display());
            }
        }
    }

    /// Loads the compiled form of a module; none if it isn't kept here.
    pub(crate) fn find(&self, engine: &Engine, sha256: &str) -> Option<Component> {
        self.load(engine, &self.file(sha256))
    }

    /// Compiles a module and keeps the result.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        wasm: &[u8],
        sha256: &str,
    ) -> wasmtime::Result<Component> {
        let file = self.file(sha256);
        let compiled = engine.precompile_component(wasm)?;
        match self.keep(&file, &compiled) {
            Ok(()) => match self.load(engine, &file) {
                Some(component) => Ok(component),
                None => Component::new(engine, wasm),
            },
            Err(error) => {
                tracing::warn!(
                    "can't keep a compiled module in {}: {error}",
                    file.display()
                );
                Component::new(engine, wasm)
            }
        }
    }

    /// Removes compiled files of modules that are not among these hashes any more.
    pub(crate) fn sweep(&self, sha256: &[String]) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let ours = path.extension().is_some_and(|end| {
                end == COMPILED || end == SEAL || (end == NEW && is_abandoned(&path))
            });
            let kept = sha256
                .iter()
                .any(|hash| path.with_extension("") == self.file(hash).with_extension(""));
            if ours
                && !kept
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!("can't remove {}: {error}", path.display());
            }
        }
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.folder
            .join(format!("{sha256}-{}.{COMPILED}", self.compatibility))
    }

    /// Whether this host has written a file, and it is as it was written. One that is not is removed:
    /// it is said once, and compiled anew.
    fn is_whole(&self, file: &Path) -> bool {
        // One without a seal is being written, or never was to its end.
        let (Ok(mac), Ok(seal)) = (self.mac_of(file), fs::read(file.with_extension(SEAL))) else {
            return false;
        };
        let private = is_private(file, false).unwrap_or(false);
        let whole = private && mac.verify_slice(&seal).is_ok();
        if !whole {
            tracing::warn!("{} was changed: compiling anew", file.display());
            remove(file);
        }
        whole
    }

    /// Loads a file that this host has written; none if it is missing, or is not what was written.
    fn load(&self, engine: &Engine, file: &Path) -> Option<Component> {
        if !self.is_whole(file) {
            return None;
        }
        // SAFETY: `deserialize_file` runs whatever code the file holds, and maps it, so the file
        // must be what `precompile_component` gave and must not change. The hash was made with a
        // key that only this host's user can read, over these bytes and this name; the folder and
        // the file are that user's alone; and files are replaced by renaming, never written to.
        #[allow(unsafe_code)]
        let load = || unsafe { Component::deserialize_file(engine, file) };
        let reason = match catch_unwind(AssertUnwindSafe(load)) {
            Ok(Ok(component)) => return Some(component),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the loader broke on it".to_owned(),
        };
        tracing::warn!("can't load {}: {reason}: compiling anew", file.display());
        remove(file);
        None
    }

    /// Writes a compiled form, and its seal.
    fn keep(&self, file: &Path, compiled: &[u8]) -> io::Result<()> {
        self.write(file, compiled)?;
        self.write(&file.with_extension(SEAL), &self.seal(file, compiled))
    }

    fn mac(&self, file: &Path) -> Hmac<Sha256> {
        let name = file.file_name().unwrap_or_default().as_encoded_bytes();
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name);
        mac
    }

    /// Over a file that is there, piece by piece: compiled modules have megabytes.
    fn mac_of(&self, file: &Path) -> io::Result<Hmac<Sha256>> {
        const PIECE: usize = 64 << 10;
        let mut mac = self.mac(file);
        let mut compiled = io::BufReader::with_capacity(PIECE, fs::File::open(file)?);
        loop {
            let piece = compiled.fill_buf()?;
            if piece.is_empty() {
                return Ok(mac);
            }
            mac.update(piece);
            let len = piece.len();
            compiled.consume(len);
        }
    }

    fn seal(&self, file: &Path, compiled: &[u8]) -> Vec<u8> {
        let mut mac = self.mac(file);
        mac.update(compiled);
        mac.finalize().into_bytes().to_vec()
    }

    /// Writes a file whole or not at all.
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let new = self
            .folder
            .join(format!("{name}.{}.{NEW}", std::process::id()));
        create(&new, bytes)?;
        fs::rename(&new, file)?;
        fs::File::open(&self.folder)?.sync_all()
    }
}

/// Removes a compiled form that is of no use; what can't be removed is compiled anew each time.
fn remove(file: &Path) {
    for path in [file, &file.with_extension(SEAL)] {
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!("can't remove {}: {error}", path.display());
        }
    }
}

/// Whether a file that was being written never will be whole. Others may be another process's.
fn is_abandoned(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > WRITE_TIME_MAX))
}

/// SHA-256, in hex, of bytes that come in pieces.
#[derive(Default)]
pub(crate) struct Hashing(Sha256);

impl Hashing {
    /// Adds a piece.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all.
    pub(crate) fn end(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the key, or makes a new one, which makes everything that was kept useless.
fn key(file: &Path) -> io::Result<[u8; KEY_LEN]> {
    if is_private(file, false).unwrap_or(false)
        && let Ok(bytes) = fs::read(file)
        && let Ok(key) = <[u8; KEY_LEN]>::try_from(bytes)
    {
        return Ok(key);
    }
    let mut key = [0; KEY_LEN];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let new = file.with_extension(format!("{}.{NEW}", std::process::id()));
    create(&new, &key)?;
    fs::rename(&new, file)?;
    Ok(key)
}

fn create(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an earlier process of this number left behind.
    let _ = fs::remove_file(file);
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

/// Whether a path is this user's, and nobody else can write it (or, a file, read it).
fn is_private(path: &Path, folder: bool) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    let others = metadata.permissions().mode() & if folder { 0o022 } else { 0o077 };
    let kind = if folder {
        fs::metadata(path)?.is_dir()
    } else {
        metadata.is_file()
    };
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(kind && ours && (others == 0 || metadata.is_symlink()))
}

/// What compiled code depends on besides the module, as a short name.
fn compatibility(engine: &Engine) -> String {
    struct Hashing(Sha256);
    impl Hasher for Hashing {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hashing = Hashing(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hashing);
    hex(&hashing.0.finalize()).chars().take(16).collect()
}
