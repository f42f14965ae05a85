//! Builds the probe, starts runtimes around copies of it, and asks them.

use bytes::Bytes;
use futures_util::StreamExt;
use runtime::{
    Answer, AnswerBody, HandleError, Identity, ModuleSet, ModuleState, Request, Runtime,
    RuntimeConfig, SignIn, Tenant, Usage,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub const MEMORY_MAX: usize = 32 << 20;
pub const CPU_MAX: Duration = Duration::from_millis(100);

/// The probe as it was compiled.
pub fn probe() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| build("guest", "probe"))
}

/// A component of wasi:http as it was compiled.
pub fn foreign() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| build("guest-http", "foreign"))
}

fn build(folder: &str, name: &str) -> Vec<u8> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder)
        .join("Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--target", "wasm32-wasip2", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "{name} does not compile");
    std::fs::read(target.join(format!("wasm32-wasip2/release/{name}.wasm"))).unwrap()
}

/// The probe under another name, with another way to describe itself.
pub fn disguised(name: &str, mode: &str) -> Vec<u8> {
    let mut wasm = probe().to_vec();
    for (mark, text) in [("@NAME:", name), ("@MODE:", mode)] {
        let place = wasm
            .windows(mark.len())
            .position(|bytes| bytes == mark.as_bytes())
            .unwrap();
        let padded = format!("{text:.<18}");
        wasm[place + mark.len()..place + 24].copy_from_slice(padded.as_bytes());
    }
    wasm
}

pub struct Bed {
    _folder: tempfile::TempDir,
    pub config: RuntimeConfig,
    pub set: ModuleSet,
}

/// A folder with these modules: (name, mode).
pub fn bed(modules: &[(&str, &str)]) -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let moduledir = folder.path().join("modules");
    std::fs::create_dir(&moduledir).unwrap();
    for (name, mode) in modules {
        std::fs::write(
            moduledir.join(format!("{name}.wasm")),
            disguised(name, mode),
        )
        .unwrap();
    }
    let config = RuntimeConfig {
        cachedir: cachedir(modules == [("probe", "normal")]),
        memory_max: MEMORY_MAX,
        cpu_max: CPU_MAX,
        instances_max: 16,
        warm_max: 16,
        threads: 2,
    };
    let set = ModuleSet {
        moduledir,
        httpmodules: None,
        prefixes: Vec::new(),
        grants: vec![("*".into(), "*".into())],
        limits: Vec::new(),
        sweeps: true,
    };
    Bed {
        _folder: folder,
        config,
        set,
    }
}

impl Bed {
    pub fn start(&self) -> Runtime {
        Runtime::start(self.config.clone(), self.set.clone()).unwrap()
    }

    /// Puts a module into the folder, in one step.
    pub fn install(&self, name: &str, wasm: impl AsRef<[u8]>) {
        let new = self.set.moduledir.join("new");
        std::fs::write(&new, wasm).unwrap();
        std::fs::rename(new, self.module(name)).unwrap();
    }

    /// What is kept of compiled modules: names, and when they were written.
    pub fn kept(&self) -> Vec<(std::ffi::OsString, std::time::SystemTime)> {
        let kept = std::fs::read_dir(&self.config.cachedir).unwrap();
        let mut kept: Vec<_> = kept
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "cwasm"))
            .map(|entry| {
                let metadata = entry.metadata().unwrap();
                (entry.file_name(), metadata.modified().unwrap())
            })
            .collect();
        kept.sort();
        kept
    }

    /// How many of them there are.
    pub fn compiled(&self) -> usize {
        self.kept().len()
    }

    pub fn module(&self, name: &str) -> PathBuf {
        self.set.moduledir.join(format!("{name}.wasm"))
    }
}

/// Where compiled modules are kept: a folder for all tests with the same modules, or one's own,
/// because what is kept of one folder of modules is swept by another.
fn cachedir(shared: bool) -> PathBuf {
    static SHARED: OnceLock<PathBuf> = OnceLock::new();
    let own = || {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        folder.keep()
    };
    match shared {
        true => SHARED.get_or_init(own).clone(),
        false => own(),
    }
}

/// How a module stands.
pub fn state(runtime: &Runtime, name: &str) -> ModuleState {
    let states = runtime.states();
    let state = states.iter().find(|state| state.name == name);
    state.unwrap().clone()
}

/// Why a module was refused.
pub fn refusal(runtime: &Runtime, name: &str) -> String {
    state(runtime, name).refused.unwrap_or_default()
}

pub fn tenant(name: &str) -> Arc<Tenant> {
    tenant_with(name, None)
}

/// A tenant that has these modules.
pub fn tenant_with(name: &str, modules: Option<&[&str]>) -> Arc<Tenant> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap()
        .keep();
    let option = |name: &str| (name.to_owned(), "set".to_owned());
    Arc::new(Tenant {
        name: name.into(),
        store: storage::SqliteStore::open(&folder, name, storage::StoreLimits::default()).unwrap(),
        options: HashMap::from([option("probe_option"), option("another_option")]),
        modules: modules.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        folders: Vec::new(),
        mail_domains: None,
        endpoints: None,
    })
}

/// What was counted of the probe for a tenant.
pub fn usage(runtime: &Runtime, tenant: &str) -> Usage {
    let mut usage = runtime.usage().into_iter();
    let found = usage.find(|usage| usage.tenant == tenant && usage.module == "probe");
    found.unwrap_or_default()
}

pub fn identity(principal: &str) -> Identity {
    Identity {
        actor: storage::Actor {
            principal: Some(principal.into()),
            ..storage::Actor::default()
        },
        sign_in: SignIn::Password,
    }
}

pub fn request(path: &str) -> Request {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (path, None),
    };
    Request {
        method: "GET".into(),
        scheme: "http".into(),
        authority: "localhost".into(),
        path: path.into(),
        query,
        headers: http::HeaderMap::new(),
        body: None,
        body_length: None,
        received: 0,
    }
}

/// A request with a body in these pieces.
pub fn upload(path: &str, pieces: Vec<Result<Bytes, storage::Error>>) -> Request {
    Request {
        body: Some(Box::pin(futures_util::stream::iter(pieces))),
        ..request(path)
    }
}

/// Asks a runtime as someone of a tenant.
pub async fn ask(
    runtime: &Runtime,
    tenant: &Arc<Tenant>,
    identity: Identity,
    request: Request,
) -> Result<Answer, HandleError> {
    let route = runtime.modules(tenant).route(&request.path).unwrap();
    runtime.handle(&route, tenant, identity, request).await
}

/// One person's requests to one runtime.
pub struct Client<'a> {
    pub runtime: &'a Runtime,
    pub tenant: Arc<Tenant>,
    pub identity: Identity,
}

pub fn client<'a>(runtime: &'a Runtime, principal: &str) -> Client<'a> {
    client_of(runtime, tenant("example"), principal)
}

pub fn client_of<'a>(runtime: &'a Runtime, tenant: Arc<Tenant>, principal: &str) -> Client<'a> {
    Client {
        runtime,
        tenant,
        identity: identity(principal),
    }
}

impl Client<'_> {
    pub async fn send(&self, request: Request) -> Result<Answer, HandleError> {
        ask(self.runtime, &self.tenant, self.identity.clone(), request).await
    }

    /// The text of an answer, or why there is none.
    pub async fn get(&self, path: &str) -> Result<String, HandleError> {
        text(self.send(request(path)).await?).await
    }

    pub async fn fails(&self, path: &str) -> HandleError {
        match self.get(path).await {
            Ok(text) => panic!("{path} answered {text}"),
            Err(error) => error,
        }
    }
}

/// The whole body of an answer.
pub async fn text(answer: Answer) -> Result<String, HandleError> {
    let bytes = match answer.body {
        AnswerBody::None => Vec::new(),
        AnswerBody::Bytes(bytes) => bytes.to_vec(),
        AnswerBody::Blob(blob) => blob.inline.unwrap().to_vec(),
        AnswerBody::Subscription(subscription) => subscription.first.to_vec(),
        AnswerBody::Stream(mut stream) => {
            let mut all = Vec::new();
            while let Some(piece) = stream.next().await {
                all.extend_from_slice(&piece?);
            }
            all
        }
    };
    Ok(String::from_utf8(bytes).unwrap())
}
