//! `wit/config.wit`: the module's own options.

use crate::bindings::chapar::host::config as wit;
use crate::state::State;

impl wit::Host for State {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let serving = self.serving()?;
        // Only what the descriptor names: the rest of the configuration is not the module's.
        if !serving.module.options.contains(&name) {
            return Ok(None);
        }
        Ok(serving.tenant.options.get(&name).cloned())
    }
}
