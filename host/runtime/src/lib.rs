//! Runs modules: loads `.wasm` files, binds them to the contract in `wit/`, and answers requests
//! in instances that serve one principal each.
//!
//! It knows nothing of sockets, TLS or passwords: whoever calls has accepted the request, signed
//! the principal in and found the tenant.

mod account;
mod allowance;
mod backoff;
mod bindings;
mod cache;
mod collected;
mod compile;
mod descriptor;
mod engine;
mod exchange;
mod exports;
mod folder;
mod gate;
mod grants;
mod guests;
mod handles;
mod incoming;
mod indexing;
mod inspect;
mod instance;
mod interfaces;
mod limits;
mod load;
mod memories;
mod module;
mod outgoing;
mod priority;
mod reload;
mod run;
mod runtime;
mod serve;
mod shelf;
mod stack;
mod state;
mod stdio;
mod stream;
mod table;
mod thread_clock;
mod usage;
mod waking;
mod warm;

pub use allowance::{ModuleLimits, TenantLimits, UsageLimits};
pub use exchange::{
    Answer, AnswerBody, BodyStream, EndpointRules, HandleError, Identity, Request, SignIn, Tenant,
};
pub use exports::{Parcel, Property, Received};
pub use gate::{Full, Gate, Party, Permit};
pub use indexing::{Indexer, Made, Unindexed};
pub use inspect::inspect;
pub use module::{
    Access, Descriptor, Extent, Home, Inspection, ModuleState, Mount, OptionSpec, Standing,
    WellKnown,
};
pub use reload::{Changes, Reload};
pub use runtime::{ModuleSet, Runtime, RuntimeConfig, RuntimeError};
pub use storage::Topic;
pub use table::{ModuleTable, Route};
pub use usage::{QUEUE_STEPS_US, Usage};
pub use waking::{Push, Subscription, WakeReason, first_seen};
