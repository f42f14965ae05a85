//! The runtime: an engine, the modules that are loaded, and the way from a path to an instance.

use crate::{Answer, HandleError, Identity, Inspection, ModuleState, Mount, Request, Tenant};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How modules are run.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Where the `.wasm` files lie.
    pub moduledir: PathBuf,
    /// Where compiled modules are kept; only the host may write there.
    pub cachedir: PathBuf,
    /// Which modules to run; none for whatever lies there.
    pub httpmodules: Option<Vec<String>>,
    /// Prefixes that replace a module's own: (module, its path, the path to use).
    pub prefixes: Vec<(String, String, String)>,
    /// Interfaces granted to modules beyond the harmless ones: (module, interface). A module that
    /// the project ships gets what it asks for.
    pub grants: Vec<(String, String)>,
    /// Memory that an instance may have, in bytes.
    pub memory_max: usize,
    /// CPU time that a request may take.
    pub cpu_max: Duration,
    /// Instances that may live at once.
    pub instances_max: u32,
    /// Threads that run guests.
    pub threads: usize,
}

/// Why the runtime, or a module, can't start.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The folder of modules can't be read.
    #[error("can't read the module folder {path}: {reason}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// A module can't be loaded.
    #[error("module {module}: {reason}")]
    Module {
        /// Which.
        module: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The engine can't start.
    #[error("can't start the WebAssembly engine: {0}")]
    Engine(String),
}

/// A module and the mount that a path matched.
#[derive(Clone)]
pub struct Route {
    /// The module's name.
    pub module: String,
    /// The mount.
    pub mount: Arc<Mount>,
}

/// The modules in force: replaced as a whole, never changed.
pub struct ModuleTable {
    states: Vec<ModuleState>,
}

impl ModuleTable {
    /// Finds the mount with the longest path that matches.
    pub fn route(&self, _path: &str) -> Option<Route> {
        None
    }

    /// Finds where a name below `/.well-known/` leads.
    pub fn well_known(&self, _name: &str) -> Option<&str> {
        None
    }

    /// Lists what lies in the module folder, loaded or refused.
    pub fn states(&self) -> &[ModuleState] {
        &self.states
    }

    /// Lists the well-known names with their targets.
    pub fn well_known_names(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

/// Runs modules.
pub struct Runtime {
    table: Arc<ModuleTable>,
}

impl Runtime {
    /// Starts the engine and loads the modules. Modules that can't be loaded are refused, logged,
    /// and listed in the table; the others serve.
    pub fn start(_config: RuntimeConfig) -> Result<Self, RuntimeError> {
        Ok(Self {
            table: Arc::new(ModuleTable { states: Vec::new() }),
        })
    }

    /// Returns the modules in force.
    pub fn modules(&self) -> Arc<ModuleTable> {
        self.table.clone()
    }

    /// Answers a request in an instance of the route's module that serves this identity.
    ///
    /// May be called from any executor; the guest runs on the runtime's own threads.
    pub async fn handle(
        &self,
        route: &Route,
        _tenant: &Arc<Tenant>,
        _identity: Identity,
        _request: Request,
    ) -> Result<Answer, HandleError> {
        Err(HandleError::Busy {
            module: route.module.clone(),
        })
    }
}

/// Tells what a file is.
pub fn inspect(_file: &Path) -> Result<Inspection, RuntimeError> {
    Err(RuntimeError::Engine("not started".to_owned()))
}
