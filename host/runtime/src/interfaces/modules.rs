//! `wit/modules.wit`: what other loaded modules say of themselves.

use crate::bindings::chapar::host::{descriptor, modules as wit};
use crate::state::State;

impl wit::Host for State {
    fn list(&mut self) -> wasmtime::Result<Vec<descriptor::Descriptor>> {
        self.serving()?;
        let table = &self.request()?.table;
        Ok(table
            .descriptors()
            .map(descriptor::Descriptor::from)
            .collect())
    }
}
