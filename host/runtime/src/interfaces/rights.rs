//! `wit/rights.wit`: who may do what to a mailbox.

use super::{Error, Mailbox};
use crate::bindings::chapar::host::rights as wit;
use crate::state::State;
use storage::{Grant, Identifier};
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn grants(&mut self, mailbox: Resource<Mailbox>) -> Result<Vec<wit::Grant>, Error> {
        let id = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let grants = serving.store().grants(serving.actor(), id).await?;
        Ok(grants.into_iter().map(wit::Grant::from).collect())
    }
}

impl From<Grant> for wit::Grant {
    fn from(from: Grant) -> Self {
        Self {
            identifier: match from.identifier {
                Identifier::Anyone => wit::Identifier::Anyone,
                Identifier::Authenticated => wit::Identifier::Authenticated,
                Identifier::Principal(id) => wit::Identifier::Principal(id),
                Identifier::Group(id) => wit::Identifier::Group(id),
            },
            rights: from.rights.into(),
            negative: from.negative,
        }
    }
}

impl From<wit::Grant> for Grant {
    fn from(from: wit::Grant) -> Self {
        Self {
            identifier: match from.identifier {
                wit::Identifier::Anyone => Identifier::Anyone,
                wit::Identifier::Authenticated => Identifier::Authenticated,
                wit::Identifier::Principal(id) => Identifier::Principal(id),
                wit::Identifier::Group(id) => Identifier::Group(id),
            },
            rights: from.rights.into(),
            negative: from.negative,
        }
    }
}
