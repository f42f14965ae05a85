//! Looking at a file without serving it: what it exports, what it can do, what it says of itself.

use crate::engine::{self, Ticker};
use crate::guests::Guests;
use crate::limits::Ceiling;
use crate::load::{Form, Loader};
use crate::module::Inspection;
use crate::{RuntimeError, folder, grants};
use std::path::Path;
use std::time::Duration;

/// Memory that `describe` may have.
const MEMORY_MAX: usize = 64 << 20;
/// CPU time that it may take.
const CPU_MAX: Duration = Duration::from_secs(1);

/// Tells what a file is. Nothing of it runs but `describe`, in an instance without a principal.
/// What it would have to be granted is among its imports and no problem here.
pub fn inspect(file: &Path) -> Result<Inspection, RuntimeError> {
    let name = file
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let content = folder::read(file).map_err(|reason| RuntimeError::Module {
        module: name.clone(),
        reason,
    })?;
    let mut inspection = Inspection {
        file: file.display().to_string(),
        size: content.wasm.len() as u64,
        sha256: content.fingerprint.sha256,
        exports: Vec::new(),
        imports: Vec::new(),
        descriptor: None,
        problems: Vec::new(),
    };
    let engine_error = |error: wasmtime::Error| RuntimeError::Engine(format!("{error:#}"));
    let engine = engine::engine(None).map_err(engine_error)?;
    let linker = engine::linker(&engine).map_err(engine_error)?;
    let _ticker =
        Ticker::start(&engine).map_err(|error| RuntimeError::Engine(error.to_string()))?;
    let (_guests, places) = Guests::start(1)?;
    let loader = Loader {
        engine,
        linker,
        cache: None.into(),
        ceiling: Ceiling::new(MEMORY_MAX, CPU_MAX),
        guests: places.threads,
    };
    // It runs `describe` and is gone: how fast its code is makes no difference.
    match loader.compile(&content.wasm, &inspection.sha256, Form::Draft) {
        Ok((component, _)) => {
            inspection.exports = grants::exports(&loader.engine, &component);
            inspection.imports = grants::imports(&loader.engine, &component);
            let everything = [("*".to_owned(), "*".to_owned())];
            match loader.version(&name, &component, &inspection.sha256) {
                Ok(version) => match version.refusal(&everything) {
                    None => inspection.descriptor = Some(version.descriptor(&[])),
                    Some(problem) => inspection.problems.push(problem),
                },
                Err(problem) => inspection.problems.push(problem),
            }
        }
        Err(problem) => inspection.problems.push(problem),
    }
    Ok(inspection)
}
