//! `wit/lock.wit`: timed locks.

use super::{Error, Mailbox};
use crate::bindings::chapar::host::lock as wit;
use crate::state::State;
use storage::{Exclusion, Lock, LockRequest};
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn list(
        &mut self,
        mailbox: Resource<Mailbox>,
        name: Option<String>,
        below: bool,
    ) -> Result<Vec<wit::Lock>, Error> {
        let id = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let locks = serving
            .store()
            .locks(serving.actor(), id, name.as_deref(), below)
            .await?;
        Ok(locks.into_iter().map(wit::Lock::from).collect())
    }
}

impl From<Lock> for wit::Lock {
    fn from(from: Lock) -> Self {
        Self {
            token: from.token,
            mailbox: from.mailbox.0,
            name: from.name,
            exclusion: match from.exclusion {
                Exclusion::Exclusive => wit::Exclusion::Exclusive,
                Exclusion::Shared => wit::Exclusion::Shared,
            },
            deep: from.deep,
            owner: from.owner.into(),
            principal: from.principal,
            expires: from.expires,
        }
    }
}

impl From<wit::LockRequest> for LockRequest {
    fn from(from: wit::LockRequest) -> Self {
        Self {
            exclusion: match from.exclusion {
                wit::Exclusion::Exclusive => Exclusion::Exclusive,
                wit::Exclusion::Shared => Exclusion::Shared,
            },
            deep: from.deep,
            owner: from.owner.into(),
            expires: from.expires,
        }
    }
}
