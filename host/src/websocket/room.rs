//! Room for the messages of WebSockets: one that is read, or answered, is in memory as a whole. It is
//! counted in bytes, of a principal and of its tenant.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest message, in bytes, however long bodies of requests may be: those are streamed.
pub const MESSAGE_LEN_MAX: u64 = 16 << 20;
/// One that is not longer needs no room.
pub const SMALL_LEN_MAX: u64 = 16 << 10;
/// How many bytes of messages one principal may have, on all its connections: two of the longest.
const OF_PRINCIPAL: usize = 2 * MESSAGE_LEN_MAX as usize;
/// How many all principals of a tenant may have.
const OF_TENANT: usize = 8 * OF_PRINCIPAL;

/// What of room there is for whoever speaks over a connection.
#[derive(Clone)]
pub struct Rooms {
    principal: Arc<Semaphore>,
    tenant: Arc<Semaphore>,
}

/// A message's part of it, until it is dropped.
#[derive(Debug)]
pub struct Room {
    principal: OwnedSemaphorePermit,
    tenant: OwnedSemaphorePermit,
}

impl Rooms {
    /// Room for all messages of a tenant.
    pub fn of_tenant() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(OF_TENANT))
    }

    /// Room for those of one of its principals.
    pub fn of_principal(tenant: &Arc<Semaphore>) -> Self {
        Self::with(OF_PRINCIPAL, tenant)
    }

    /// Room for so many bytes of a principal. A message that needs more never gets any.
    pub fn with(bytes: usize, tenant: &Arc<Semaphore>) -> Self {
        Self {
            principal: Arc::new(Semaphore::new(bytes)),
            tenant: tenant.clone(),
        }
    }

    /// Waits for room for so many bytes; none if there never will be any. Whoever has room waits for no
    /// more of it, so that nobody waits for ever.
    pub async fn take(self, bytes: u64) -> Option<Room> {
        let bytes = u32::try_from(bytes).ok()?;
        Some(Room {
            principal: self.principal.acquire_many_owned(bytes).await.ok()?,
            tenant: self.tenant.acquire_many_owned(bytes).await.ok()?,
        })
    }
}

impl Room {
    /// Gives back what a message of so many bytes does not need.
    pub fn shrink_to(&mut self, bytes: usize) {
        for permit in [&mut self.principal, &mut self.tenant] {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
    }
}
