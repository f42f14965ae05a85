//! `wit/identity.wit`: who made the request that the instance serves.

use crate::SignIn;
use crate::bindings::chapar::host::identity as wit;
use crate::state::State;

impl wit::Host for State {
    fn current(&mut self) -> wasmtime::Result<wit::Identity> {
        let serving = self.serving()?;
        let actor = &serving.identity.actor;
        let mut scope = wit::Scope::empty();
        if actor.read_only {
            scope |= wit::Scope::READ_ONLY;
        }
        if actor.admin {
            scope |= wit::Scope::ADMIN;
        }
        Ok(wit::Identity {
            principal: actor.principal.clone(),
            tenant: serving.tenant.name.clone(),
            groups: actor.groups.clone(),
            sign_in: match serving.identity.sign_in {
                SignIn::Anonymous => wit::SignIn::Anonymous,
                SignIn::Password => wit::SignIn::Password,
                SignIn::Bearer => wit::SignIn::Bearer,
                SignIn::Sasl => wit::SignIn::Sasl,
                SignIn::Host => wit::SignIn::Host,
            },
            scope,
        })
    }
}
