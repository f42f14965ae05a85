//! Whom a held connection acts for, from one question to the next: what held when it was opened may be
//! over since.

use crate::auth::SignedIn;
use crate::http::dispatch::Host;
use crate::tenant::Open;
use parking_lot::Mutex;
use runtime::{Identity, Tenant};
use std::sync::Arc;

/// A sign-in, and where it is one.
pub struct Standing {
    host: Arc<Host>,
    open: Arc<Open>,
    /// As it was when the store was last asked.
    signed_in: Mutex<Arc<SignedIn>>,
}

impl Standing {
    /// A sign-in that holds.
    pub fn new(host: &Arc<Host>, open: &Arc<Open>, signed_in: &Arc<SignedIn>) -> Arc<Self> {
        Arc::new(Self {
            host: host.clone(),
            open: open.clone(),
            signed_in: Mutex::new(signed_in.clone()),
        })
    }

    /// What answers.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The tenant.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.open.tenant
    }

    /// Who is acted for now. None once that is over: the tenant is another since a reload, the password
    /// was changed, the user removed, or is in other groups. The store is asked as often as for requests.
    pub async fn identity(&self) -> Option<Identity> {
        if !self.host.is_in_force(self.tenant()) {
            return None;
        }
        let signed_in = self.signed_in.lock().clone();
        if signed_in.is_fresh() {
            return Some(signed_in.identity.clone());
        }
        match self.open.users.again(&signed_in).await {
            Ok(Some(now)) if now.identity.actor == signed_in.identity.actor => {
                *self.signed_in.lock() = now;
                Some(signed_in.identity.clone())
            }
            Ok(_) => None,
            Err(refusal) => {
                let tenant = &self.tenant().name;
                tracing::warn!(%tenant, "a held connection ends, since its user can't be looked up: {refusal:?}");
                None
            }
        }
    }
}
