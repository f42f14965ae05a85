//! Runs modules: loads `.wasm` files, binds them to the contract in `wit/`, and answers requests
//! in instances that serve one principal each.
//!
//! It knows nothing of sockets, TLS or passwords: whoever calls has accepted the request, signed
//! the principal in and found the tenant.

mod exchange;
mod module;
mod runtime;

pub use exchange::{
    Answer, AnswerBody, BodyStream, HandleError, Identity, Request, SignIn, Tenant,
};
pub use module::{
    Access, Descriptor, Extent, Home, Inspection, ModuleState, Mount, OptionSpec, WellKnown,
};
pub use runtime::{ModuleTable, Route, Runtime, RuntimeConfig, RuntimeError, inspect};
