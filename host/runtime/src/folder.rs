//! The folder of modules: what lies there is loaded, or refused with a reason.

use crate::load::{Loader, Module};
use crate::module::ModuleState;
use crate::table::ModuleTable;
use crate::{RuntimeConfig, RuntimeError, cache, descriptor};
use parking_lot::Mutex;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Biggest file that is taken for a module.
const FILE_MAX: u64 = 64 << 20;

/// Loads every module of the folder that is switched on, several at once.
pub(crate) fn load(loader: &Loader, config: &RuntimeConfig) -> Result<ModuleTable, RuntimeError> {
    let files = Mutex::new(files(&config.moduledir)?);
    let found = Mutex::new(Vec::new());
    let hashes = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((name, file)) = files.lock().pop() else {
                        return;
                    };
                    let (state, module, hash) = load_file(loader, config, name, &file);
                    hashes.lock().extend(hash);
                    found.lock().push((state, module));
                }
            });
        }
    });
    let mut found = found.into_inner();
    for name in config.httpmodules.iter().flatten() {
        if !found.iter().any(|(state, _)| state.name == *name) {
            let file = config.moduledir.join(format!("{name}.wasm"));
            let reason = "httpmodules names it, but there is no such file".to_owned();
            found.push((refused(name, &file, true, reason), None));
        }
    }
    if let Some(cache) = &loader.cache {
        cache.sweep(&hashes.into_inner());
    }
    Ok(ModuleTable::new(found))
}

/// The `.wasm` files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, RuntimeError> {
    let error = |error: std::io::Error| RuntimeError::Folder {
        path: folder.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        if let Some(name) = name
            && path.extension().is_some_and(|end| end == "wasm")
        {
            files.push((name.to_owned(), path));
        }
    }
    Ok(files)
}

fn load_file(
    loader: &Loader,
    config: &RuntimeConfig,
    name: String,
    file: &Path,
) -> (ModuleState, Option<Arc<Module>>, Option<String>) {
    let enabled = config
        .httpmodules
        .as_ref()
        .is_none_or(|names| names.contains(&name));
    let mut state = ModuleState {
        name,
        file: file.display().to_string(),
        descriptor: None,
        refused: None,
        enabled,
    };
    let wasm = match read(file) {
        Ok(wasm) => wasm,
        Err(reason) => return (refused(&state.name, file, enabled, reason), None, None),
    };
    let hash = cache::sha256(&wasm);
    if !enabled {
        // Its compiled form stays: it may be switched on again.
        return (state, None, Some(hash));
    }
    let loaded = loader
        .compile(&wasm, &hash)
        .and_then(|component| loader.load(&state.name, &component, &config.grants));
    match loaded {
        Ok((module, mut descriptor)) => {
            descriptor::apply_prefixes(&mut descriptor, &config.prefixes);
            state.descriptor = Some(descriptor);
            (state, Some(Arc::new(module)), Some(hash))
        }
        Err(reason) => {
            let state = refused(&state.name, file, enabled, reason);
            (state, None, Some(hash))
        }
    }
}

/// Reads a file of a size that a module may have.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it can't be read: {error}");
    let size = fs::metadata(file).map_err(unreadable)?.len();
    if size > FILE_MAX {
        return Err(format!("it has {size} bytes, more than {FILE_MAX}"));
    }
    fs::read(file).map_err(unreadable)
}

fn refused(name: &str, file: &Path, enabled: bool, reason: String) -> ModuleState {
    tracing::error!(module = %name, "module refused: {reason}");
    ModuleState {
        name: name.to_owned(),
        file: file.display().to_string(),
        descriptor: None,
        refused: Some(reason),
        enabled,
    }
}
