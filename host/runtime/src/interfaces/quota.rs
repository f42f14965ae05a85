//! `wit/quota.wit`: used and allowed bytes and messages.

use super::{Error, Mailbox};
use crate::bindings::chapar::host::quota as wit;
use crate::state::State;
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn of(&mut self, mailbox: Resource<Mailbox>) -> Result<wit::Usage, Error> {
        let id = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let usage = serving.store().usage(serving.actor(), id).await?;
        Ok(wit::Usage {
            bytes: usage.bytes,
            bytes_limit: usage.bytes_limit,
            messages: usage.messages,
            messages_limit: usage.messages_limit,
        })
    }
}
