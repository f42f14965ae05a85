//! The in-memory host: what a module's native tests run against.
//!
//! It behaves as `wit/` documents: rights, modseqs, conditions, locks, quotas, tombstones. A test
//! makes a [`Host`], which becomes the host of its thread, adds principals, says who acts, and
//! sends requests:
//!
//! ```
//! use module::native::Host;
//! # use module::{Answer, Descriptor, Module, Request, Response};
//! # struct Hello;
//! # impl Module for Hello {
//! #     fn describe() -> Descriptor { Descriptor::default() }
//! #     fn handle(_: Request) -> Answer { Response::new(204).into() }
//! # }
//! let host = Host::new();
//! host.user("alice").act_as("alice");
//! let reply = host.request("GET", "/hello").send::<Hello>();
//! assert_eq!(reply.status, 404, "Hello has no mounts here");
//! ```
//!
//! # Not supported
//!
//! Deliveries are collected, not received, but for questions; tombstones and kept blobs do not expire; scopes other
//! than read-only and admin mean nothing.

pub(crate) mod backend;
mod change;
mod commit;
mod connection;
mod endpoints;
mod exchange;
mod locks;
mod meanwhile;
mod question;
mod read;
mod search;
mod state;

pub use connection::Connection;
pub use endpoints::StoredEndpoint;
pub use exchange::{Outgoing, Reply};

use crate::{
    Delivery, Descriptor, Envelope, Identity, Indexer, Instant, Kind, Module, Principal, Receiver,
    Scope, SignIn,
};
use state::{State, with_state};

/// The host of this thread.
#[derive(Debug)]
pub struct Host(());

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// Makes an empty host the one of this thread; anonymous acts.
    pub fn new() -> Self {
        with_state(|state| *state = State::default());
        meanwhile::set(None);
        Self(())
    }

    /// Adds a user with the address `<id>@example.org`.
    pub fn user(&self, id: &str) -> &Self {
        self.principal(Principal {
            id: id.to_owned(),
            kind: Kind::User,
            display_name: id.to_owned(),
            addresses: vec![format!("{id}@example.org")],
        })
    }

    /// Adds a group with its members.
    pub fn group(&self, id: &str, members: &[&str]) -> &Self {
        let members = members.iter().map(|&member| member.to_owned()).collect();
        with_state(|state| state.members.insert(id.to_owned(), members));
        self.principal(Principal {
            id: id.to_owned(),
            kind: Kind::Group,
            display_name: id.to_owned(),
            addresses: Vec::new(),
        })
    }

    /// Adds a principal, or replaces what is known of it.
    pub fn principal(&self, principal: Principal) -> &Self {
        with_state(|state| state.principals.insert(principal.id.clone(), principal));
        self
    }

    /// From now on this principal acts.
    pub fn act_as(&self, id: &str) -> &Self {
        with_state(|state| {
            state.identity = Identity {
                principal: Some(id.to_owned()),
                groups: state.groups_of(id),
                sign_in: SignIn::Password,
                scope: Scope::empty(),
                ..state.identity.clone()
            };
        });
        self
    }

    /// From now on anonymous acts.
    pub fn act_as_anonymous(&self) -> &Self {
        with_state(|state| state.identity = State::default().identity);
        self
    }

    /// Says what the sign-in of whoever acts allows.
    pub fn scope(&self, scope: Scope) -> &Self {
        with_state(|state| state.identity.scope = scope);
        self
    }

    /// Loads a module, for [`crate::modules`].
    pub fn load<M: Module>(&self) -> &Self {
        self.load_descriptor(M::describe())
    }

    /// Loads a module that only has a description.
    pub fn load_descriptor(&self, descriptor: Descriptor) -> &Self {
        with_state(|state| {
            state.modules.retain(|other| other.name != descriptor.name);
            state.modules.push(descriptor);
            state.modules.sort_by(|a, b| a.name.cmp(&b.name));
        });
        self
    }

    /// From now on this module answers what principals are asked.
    pub fn receiver<M: Receiver>(&self) -> &Self {
        with_state(|state| state.receiver = Some(M::receive));
        self
    }

    /// From now on this module makes the keys of messages whose keys are to reach farther.
    pub fn indexer<M: Indexer>(&self) -> &Self {
        with_state(|state| state.index = Some(M::keys));
        self
    }

    /// Sets an option of the configuration.
    pub fn option(&self, name: &str, value: &str) -> &Self {
        with_state(|state| state.options.insert(name.to_owned(), value.to_owned()));
        self
    }

    /// Limits what an owner may store.
    pub fn quota(&self, owner: &str, bytes: Option<u64>, messages: Option<u64>) -> &Self {
        with_state(|state| state.quotas.insert(owner.to_owned(), (bytes, messages)));
        self
    }

    /// What time it is; it moves with [`Host::advance`] only, and by a millisecond a batch.
    pub fn now(&self) -> Instant {
        with_state(|state| state.now)
    }

    /// Lets time pass.
    pub fn advance(&self, milliseconds: i64) -> &Self {
        with_state(|state| state.now = state.now.saturating_add(milliseconds));
        self
    }

    /// Before the next batch commits, somebody else does this.
    pub fn meanwhile(&self, act: impl FnOnce() + 'static) -> &Self {
        meanwhile::set(Some(Box::new(act)));
        self
    }

    /// Forgets all removals so far, as the real host does after months.
    pub fn forget_removals(&self) -> &Self {
        with_state(|state| {
            for gone in std::mem::take(&mut state.gone) {
                let oldest = state.oldest.entry(state::owner_of(&gone.path)).or_default();
                *oldest = gone.modseq.max(*oldest);
            }
            for mailbox in state.mailboxes.values_mut() {
                let newest = mailbox.tombstones.iter().map(|gone| gone.modseq).max();
                mailbox.oldest = newest.unwrap_or(mailbox.oldest);
                mailbox.tombstones.clear();
            }
        });
        self
    }

    /// What was handed to other principals, oldest first, with the sender.
    pub fn deliveries(&self) -> Vec<(Option<String>, Delivery)> {
        with_state(|state| state.deliveries.clone())
    }

    /// What was handed to the mail system, oldest first.
    pub fn submissions(&self) -> Vec<(Envelope, Vec<u8>)> {
        with_state(|state| state.submissions.clone())
    }

    /// The endpoints that there are, oldest first.
    pub fn endpoints(&self) -> Vec<StoredEndpoint> {
        with_state(|state| state.endpoints.clone())
    }

    /// Sets the key that the host signs with; none for a host that posts nothing.
    pub fn server_key(&self, key: Option<&[u8]>) -> &Self {
        with_state(|state| state.server_key = key.map(<[u8]>::to_vec));
        self
    }

    /// Begins a request; the path may have a query.
    pub fn request(&self, method: &str, path: &str) -> Outgoing {
        Outgoing::new(method, path, self.now())
    }
}
