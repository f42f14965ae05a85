//! `wit/submission.wit`: handing a message to the mail system.
//!
//! # Not supported
//!
//! The host sends no mail yet: both calls say so.

use super::{Blob, Error};
use crate::bindings::chapar::host::{submission as wit, types};
use crate::state::State;
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn submit(
        &mut self,
        _envelope: wit::Envelope,
        message: Resource<Blob>,
    ) -> Result<String, Error> {
        self.serving()?;
        self.handles.get(&message)?;
        Err(no_mail())
    }

    async fn cancel(&mut self, _name: String) -> Result<bool, Error> {
        self.serving()?;
        Err(no_mail())
    }
}

fn no_mail() -> Error {
    types::Error::Unsupported("this host sends no mail".to_owned()).into()
}
