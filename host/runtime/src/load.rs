//! From a file to a module that can serve: compile it, check what it imports, ask it what it is.

use crate::bindings::exports::chapar::host::{
    alarm, handler, indexer, principal, receiver, socket, waker,
};
use crate::cache::Cache;
use crate::instance::Instance;
use crate::limits::{Ceiling, Meter, metered};
use crate::memories::Memories;
use crate::module::Descriptor;
use crate::state::{ModuleFacts, State};
use crate::{descriptor, engine, grants, incoming};
use arc_swap::ArcSwapOption;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime_wasi_http::p2::bindings::exports::wasi::http::incoming_handler;

/// How long `describe` may take by the clock on the wall.
const DESCRIBE_MAX: Duration = Duration::from_secs(10);
/// How a component begins: the magic number, the version of the format, and the layer.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// How a core module begins.
const CORE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// How a module answers requests.
pub(crate) enum Entry {
    /// Our own interface.
    Handler(handler::GuestIndices),
    /// That of WASI.
    Incoming(incoming_handler::GuestIndices),
}

/// What a module exports besides.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) indexer: Option<indexer::GuestIndices>,
    pub(crate) receiver: Option<receiver::GuestIndices>,
    pub(crate) alarm: Option<alarm::GuestIndices>,
    pub(crate) principal: Option<principal::GuestIndices>,
    pub(crate) waker: Option<waker::GuestIndices>,
    pub(crate) socket: Option<socket::GuestIndices>,
}

/// A module, ready to be instantiated.
pub(crate) struct Module {
    pub(crate) facts: Arc<ModuleFacts>,
    pub(crate) pre: InstancePre<State>,
    pub(crate) entry: Entry,
    pub(crate) extras: Extras,
}

/// A module as one file has it, and what it says and wants: what is in force if the operator's
/// settings allow it.
pub(crate) struct Version {
    /// Of the file.
    pub(crate) sha256: String,
    pub(crate) module: Arc<Module>,
    /// The file, while what was made of it is a draft.
    pub(crate) draft_of: Option<Vec<u8>>,
    descriptor: Descriptor,
    imports: Vec<String>,
    /// The descriptor is the module's own, and names what it wants.
    own: bool,
}

/// How well a module was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In a hurry, so that it serves soon: its code is slow, and is not kept.
    Draft,
    /// As well as the compiler can.
    Final,
}

impl Version {
    /// Why it may not be in force with these grants.
    pub(crate) fn refusal(&self, granted: &[(String, String)]) -> Option<String> {
        let declared = self.own.then_some(self.descriptor.capabilities.as_slice());
        grants::refusal(&self.module.facts.name, &self.imports, declared, granted)
    }

    /// What it says of itself, with the operator's prefixes.
    pub(crate) fn descriptor(&self, prefixes: &[(String, String, String)]) -> Descriptor {
        let mut descriptor = self.descriptor.clone();
        descriptor::apply_prefixes(&mut descriptor, prefixes);
        descriptor
    }
}

/// What loading needs.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) cache: ArcSwapOption<Cache>,
    pub(crate) ceiling: Ceiling,
    /// Runs `describe`.
    pub(crate) guests: tokio::runtime::Handle,
}

impl Loader {
    /// Opens a folder of compiled forms; none if it can't be used, which the log says.
    pub(crate) fn open_cache(&self, folder: &Path) -> Option<Arc<Cache>> {
        Cache::open(folder, &self.engine)
            .inspect_err(|error| tracing::warn!("compiled modules can't be kept: {error}"))
            .ok()
            .map(Arc::new)
    }

    /// The compiled form of a file with this hash, if it is kept.
    pub(crate) fn kept(&self, sha256: &str) -> Option<Component> {
        let cache = self.cache.load_full()?;
        cache.find(&self.engine, sha256)
    }

    /// Takes the compiled form of a file out of the cache, or compiles it, as well as this asks for.
    pub(crate) fn compile(
        &self,
        wasm: &[u8],
        sha256: &str,
        form: Form,
    ) -> Result<(Component, Form), String> {
        if wasm.starts_with(&CORE) {
            return Err(
                "it is a core module and not a component: build it for wasm32-wasip2".into(),
            );
        }
        if !wasm.starts_with(&COMPONENT) {
            return Err("it is not a WebAssembly component".into());
        }
        if let Some(kept) = self.kept(sha256) {
            return Ok((kept, Form::Final));
        }
        let component = match (form, self.cache.load_full()) {
            (Form::Draft, _) => self.draft(wasm),
            (Form::Final, Some(cache)) => cache.compile(&self.engine, wasm, sha256),
            (Form::Final, None) => Component::new(&self.engine, wasm),
        };
        let component = component.map_err(|error| format!("it does not compile: {error:#}"))?;
        Ok((component, form))
    }

    fn draft(&self, wasm: &[u8]) -> wasmtime::Result<Component> {
        let compiled = engine::hasty()?.precompile_component(wasm)?;
        // SAFETY: `deserialize` runs whatever code the bytes hold. They are what
        // `precompile_component` gave, in this process, a moment ago.
        #[allow(unsafe_code)]
        unsafe {
            Component::deserialize(&self.engine, compiled)
        }
    }

    /// Makes the same version of a component that was compiled better. What the module says of
    /// itself is known.
    pub(crate) fn refined(
        &self,
        version: &Version,
        component: &Component,
    ) -> Result<Version, String> {
        let pre = self.linker.instantiate_pre(component);
        let pre = pre.map_err(|error| format!("it does not fit this host: {error:#}"))?;
        let facts = version.module.facts.clone();
        let module = Module {
            facts: facts.clone(),
            ..module(&facts.name, pre)?
        };
        Ok(Version {
            sha256: version.sha256.clone(),
            module: Arc::new(module),
            draft_of: None,
            descriptor: version.descriptor.clone(),
            imports: version.imports.clone(),
            own: version.own,
        })
    }

    /// Makes a module of a component and asks it what it is. Must not be called on a thread that
    /// runs tasks: it waits.
    pub(crate) fn version(
        &self,
        name: &str,
        component: &Component,
        sha256: &str,
    ) -> Result<Version, String> {
        let imports = grants::imports(&self.engine, component);
        let missing = grants::missing(&imports);
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(format!(
                "it imports {missing}, which this host does not have"
            ));
        }
        let pre = self
            .linker
            .instantiate_pre(component)
            .map_err(|error| format!("it does not fit this host: {error:#}"))?;
        let mut module = module(name, pre)?;
        let own = matches!(module.entry, Entry::Handler(_));
        let descriptor = if own {
            let described;
            (module, described) = self.describe(module)?;
            descriptor::check(name, &described)?;
            described
        } else {
            incoming::descriptor(name)
        };
        module.facts = Arc::new(ModuleFacts {
            name: name.to_owned(),
            options: descriptor
                .options
                .iter()
                .map(|option| option.name.clone())
                .collect(),
            receives: module.extras.receiver.is_some(),
            memories: Memories::default(),
        });
        Ok(Version {
            sha256: sha256.to_owned(),
            module: Arc::new(module),
            draft_of: None,
            descriptor,
            imports,
            own,
        })
    }

    /// Runs `describe` in an instance without a principal.
    fn describe(&self, module: Module) -> Result<(Module, Descriptor), String> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let module = Arc::new(module);
        let bounds = self.ceiling.bounds();
        let meter = Meter::new(bounds.cpu_max);
        let described = {
            let (module, meter) = (module.clone(), meter.clone());
            async move {
                let mut instance = Instance::new(module, None, bounds, meter)
                    .await
                    .map_err(|error| error.to_string())?;
                let described = instance.describe().await;
                described.map_err(|error| error.to_string())
            }
        };
        self.guests.spawn(async move {
            let described = metered(&meter, described);
            let described = tokio::time::timeout(DESCRIBE_MAX, described)
                .await
                .unwrap_or_else(|_| Err(format!("it took longer than {DESCRIBE_MAX:?}")));
            // Whoever asked waits until this comes.
            let _ = sender.send(described);
        });
        let described = receiver
            .recv()
            .map_err(|_| "describe was broken off".to_owned())?
            .map_err(|reason| format!("describe failed: {reason}"))?;
        let module = Arc::into_inner(module).ok_or("describe goes on")?;
        Ok((module, described))
    }
}

fn module(name: &str, pre: InstancePre<State>) -> Result<Module, String> {
    let entry = match handler::GuestIndices::new(&pre) {
        Ok(indices) => Entry::Handler(indices),
        Err(_) => match incoming_handler::GuestIndices::new(&pre) {
            Ok(indices) => Entry::Incoming(indices),
            Err(_) => {
                return Err("it exports neither chapar:host/handler@0.1.0 nor \
                     wasi:http/incoming-handler@0.2"
                    .into());
            }
        },
    };
    let extras = Extras {
        indexer: indexer::GuestIndices::new(&pre).ok(),
        receiver: receiver::GuestIndices::new(&pre).ok(),
        alarm: alarm::GuestIndices::new(&pre).ok(),
        principal: principal::GuestIndices::new(&pre).ok(),
        waker: waker::GuestIndices::new(&pre).ok(),
        socket: socket::GuestIndices::new(&pre).ok(),
    };
    let facts = ModuleFacts {
        name: name.to_owned(),
        ..ModuleFacts::default()
    };
    Ok(Module {
        facts: Arc::new(facts),
        pre,
        entry,
        extras,
    })
}
