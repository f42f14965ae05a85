//! The host's side of the contract: one file per `wit/*.wit` that modules import.

mod annotation;
mod batch;
mod blob;
mod config;
mod delivery;
mod descriptor;
mod directory;
mod endpoint;
mod error;
mod exchange;
mod identity;
mod index;
mod lock;
mod mailbox;
mod modules;
mod quota;
mod rights;
mod submission;
mod timer;
mod types;

pub(crate) use exchange::{FIELDS_BYTES_MAX, GRACE, headers_in, headers_out, status_out};
// What the generated code names must be as public as it is.
pub use crate::collected::Batch;
pub use blob::Blob;
pub use error::{Error, Failure};
pub use exchange::{Body, Writer};
pub use mailbox::Mailbox;

use crate::bindings::chapar::host;
use crate::state::State;
use wasmtime::component::{HasSelf, Linker};

/// Adds every interface of the contract to a linker. What a module may import of them is checked
/// when it is loaded.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host::types::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::descriptor::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::exchange::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::identity::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::directory::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::blob::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::mailbox::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::annotation::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::index::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::lock::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::rights::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::delivery::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::batch::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::quota::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::submission::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::timer::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::endpoint::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::config::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    host::modules::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    Ok(())
}
