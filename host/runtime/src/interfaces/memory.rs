//! `wit/memory.wit`: what a module remembers for the principal that it serves.

use crate::bindings::chapar::host::memory as wit;
use crate::state::State;

impl wit::Host for State {
    fn recall(&mut self, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        let serving = self.serving()?;
        let memories = &serving.module.memories;
        let found = memories.recall(&serving.tenant, &serving.identity, &name);
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    fn remember(&mut self, name: String, bytes: Vec<u8>) -> wasmtime::Result<()> {
        let serving = self.serving()?;
        let memories = &serving.module.memories;
        memories.remember(&serving.tenant, &serving.identity, name, bytes);
        Ok(())
    }
}
