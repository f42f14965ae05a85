//! The folder of modules: what lies there is loaded, or refused with a reason.

use crate::load::{Loader, Module};
use crate::module::ModuleState;
use crate::table::{InForce, Snapshot};
use crate::{ModuleSet, RuntimeError, cache, descriptor};
use parking_lot::Mutex;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Biggest file that is taken for a module.
const FILE_MAX: u64 = 64 << 20;

/// Loads every module of the folder that is switched on, several at once.
pub(crate) fn load(loader: &Loader, set: &ModuleSet) -> Result<Snapshot, RuntimeError> {
    let files = Mutex::new(files(&set.moduledir)?);
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
                    let (state, module, hash) = load_file(loader, set, name, &file);
                    hashes.lock().extend(hash);
                    found.lock().push((state, module));
                }
            });
        }
    });
    let mut found = found.into_inner();
    for name in set.httpmodules.iter().flatten() {
        if !found.iter().any(|(state, _)| state.name == *name) {
            let file = set.moduledir.join(format!("{name}.wasm"));
            let reason = "httpmodules names it, but there is no such file".to_owned();
            found.push((refused(name, &file, true, reason), None));
        }
    }
    if let Some(cache) = &loader.cache {
        cache.sweep(&hashes.into_inner());
    }
    found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let mut in_force: Vec<InForce> = Vec::new();
    for (state, module) in &mut found {
        let (Some(module), Some(descriptor)) = (module, &state.descriptor) else {
            continue;
        };
        let mut holders = in_force.iter();
        match holders.find_map(|one| descriptor::conflict(descriptor, &one.descriptor)) {
            Some(reason) => {
                tracing::error!(module = %state.name, "module refused: {reason}");
                state.refused = Some(reason);
                state.descriptor = None;
            }
            None => in_force.push(InForce {
                module: module.clone(),
                descriptor: Arc::new(descriptor.clone()),
            }),
        }
    }
    let states = found.into_iter().map(|(state, _)| state).collect();
    Ok(Snapshot::new(in_force, states))
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
    set: &ModuleSet,
    name: String,
    file: &Path,
) -> (ModuleState, Option<Arc<Module>>, Option<String>) {
    let enabled = set
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
        .and_then(|component| loader.load(&state.name, &component, &set.grants));
    match loaded {
        Ok((module, mut descriptor)) => {
            descriptor::apply_prefixes(&mut descriptor, &set.prefixes);
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
