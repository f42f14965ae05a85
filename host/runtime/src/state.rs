//! What the host keeps for an instance: whom it serves, the request at hand, the handles it holds,
//! and its empty WASI world.

use crate::account::Account;
use crate::handles::Handles;
use crate::instance::Bounds;
use crate::interfaces::FIELDS_BYTES_MAX;
use crate::limits::{Limits, Meter};
use crate::load::Module;
use crate::memories::Memories;
use crate::serve::Shared;
use crate::stdio::Log;
use crate::table::ModuleTable;
use crate::{Answer, HandleError, Identity, Tenant};
use std::collections::HashSet;
use std::sync::Arc;
use storage::{Actor, Store};
use tokio::sync::oneshot;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Most bytes of random numbers per call.
const RANDOM_MAX: u64 = 64 << 10;
/// Most WASI resources an instance may hold.
const WASI_HANDLES_MAX: usize = 1024;

/// What interfaces need to know of a module.
#[derive(Default)]
pub(crate) struct ModuleFacts {
    /// Its name.
    pub(crate) name: String,
    /// Names of the options that it reads.
    pub(crate) options: HashSet<String>,
    /// It exports `receiver`.
    pub(crate) receives: bool,
    /// What its instances remember for others of whom they serve.
    pub(crate) memories: Memories,
}

/// Whom an instance serves: fixed when it is made, the same as long as it lives.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) module: Arc<ModuleFacts>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) identity: Identity,
}

impl Serving {
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.tenant.store
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.identity.actor
    }
}

/// The request at hand.
pub(crate) struct Current {
    /// The modules in force when it came.
    pub(crate) table: Arc<ModuleTable>,
    /// Where the answer goes; none once it was begun.
    pub(crate) reply: Option<oneshot::Sender<Result<Answer, HandleError>>>,
    /// What other principals are asked with; none in an instance that is itself asked, so that no
    /// question leads to another.
    pub(crate) asking: Option<Asking>,
}

/// What an instance takes that answers for another principal.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) shared: Arc<Shared>,
    pub(crate) module: Arc<Module>,
    pub(crate) bounds: Bounds,
    pub(crate) account: Arc<Account>,
}

/// The data of a wasmtime store.
pub(crate) struct State {
    pub(crate) serving: Option<Serving>,
    pub(crate) current: Option<Current>,
    pub(crate) handles: Handles,
    pub(crate) limits: Limits,
    pub(crate) meter: Arc<Meter>,
    wasi: WasiCtx,
    /// WASI's handles outlive a request: standard libraries keep those of the standard streams.
    pub(crate) table: ResourceTable,
    http: WasiHttpCtx,
    hooks: crate::outgoing::Hooks,
}

impl State {
    /// The state of an instance that serves someone, or nobody: then every import of ours traps.
    pub(crate) fn new(
        module: &Arc<ModuleFacts>,
        serving: Option<Serving>,
        limits: Limits,
        meter: Arc<Meter>,
    ) -> Self {
        let log = Log::new(module.clone(), serving.as_ref().map(|s| s.tenant.clone()));
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.clone())
            .stderr(log)
            .allow_tcp(false)
            .allow_udp(false)
            .max_random_size(RANDOM_MAX);
        if let Some(serving) = &serving {
            open_folders(&mut wasi, serving);
        }
        let wasi = wasi.build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(WASI_HANDLES_MAX);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES_MAX);
        Self {
            serving,
            current: None,
            handles: Handles::default(),
            limits,
            meter,
            wasi,
            table,
            http,
            hooks: crate::outgoing::Hooks,
        }
    }

    /// Whom the instance serves while it answers a request. A call outside one is a trap.
    pub(crate) fn serving(&self) -> wasmtime::Result<&Serving> {
        match (&self.serving, &self.current) {
            (Some(serving), Some(_)) => Ok(serving),
            _ => Err(outside()),
        }
    }

    /// The request at hand.
    pub(crate) fn request(&mut self) -> wasmtime::Result<&mut Current> {
        self.current.as_mut().ok_or_else(outside)
    }
}

/// Opens the folders that the operator lets this module read. One that cannot be opened is not there
/// for the module.
fn open_folders(wasi: &mut WasiCtxBuilder, serving: &Serving) {
    let folders = serving.tenant.folders.iter();
    for (_, folder) in folders.filter(|(module, _)| *module == serving.module.name) {
        // Files are read on the thread that runs the module.
        wasi.allow_blocking_current_thread(true);
        let path = folder.to_string_lossy();
        if let Err(error) = wasi.preopened_dir(folder, path, FsPerms::ReadOnly) {
            let module = &serving.module.name;
            tracing::warn!(module, folder = %folder.display(), "a folder can't be read: {error:#}");
        }
    }
}

fn outside() -> wasmtime::Error {
    wasmtime::format_err!("an import of the host was called while no request is served")
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}
