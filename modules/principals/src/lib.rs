//! Principals: who there is, where their homes are, and the way there from the root. RFC 3744,
//! RFC 5397, RFC 6638 §2.4.
//!
//! `/dav/principals/user/alice/` and `/dav/principals/group/staff/` are principals. `/` and `/dav/`
//! are collections for PROPFIND alone, so that a client that knows nothing but the server's name
//! finds `DAV:current-user-principal`; what a browser sees there is the host's.

mod homes;
mod profile;
mod rfc6638;
mod store;

pub use profile::PROFILE;

use std::cell::RefCell;
use std::rc::Rc;

use dav::store::mailbox::{PRINCIPALS, answer};
use module::{Access, Answer, Descriptor, Extent, Module, Request, Response};
use store::PrincipalStore;

/// The module.
pub struct Principals;

module::export!(Principals);

impl Module for Principals {
    fn describe() -> Descriptor {
        let access = Access::AuthenticatedButOptions;
        let version = env!("CARGO_PKG_VERSION");
        let summary = "Who there is, and where their collections are.";
        Descriptor::new("principals", version, summary)
            .mount(PRINCIPALS, Extent::Prefix, &METHODS, access)
            .mount("/dav", Extent::Exact, &METHODS_ABOVE, access)
            .mount("/", Extent::Exact, &METHODS_ABOVE, access)
            .capabilities(&["directory", "exchange", "identity", "modules"])
    }

    fn handle(mut request: Request) -> Answer {
        let methods: &[&str] = match request.path.starts_with(PRINCIPALS) {
            true => &METHODS,
            false => &METHODS_ABOVE,
        };
        let body = Rc::new(RefCell::new(request.body.take()));
        let store = PrincipalStore::new(request.received);
        // All mounts are seen as one tree from the root.
        match answer(&PROFILE, &store, "", request, &body, |_| None) {
            Answer::Complete(mut response) => {
                homes::advertise(store.modules(), &mut response);
                limit_allow(methods, &mut response);
                response.into()
            }
            other => other,
        }
    }
}

/// What can be done with principals and their collections.
const METHODS: [&str; 6] = ["OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT"];

/// What can be done with the collections above.
const METHODS_ABOVE: [&str; 3] = ["OPTIONS", "PROPFIND", "REPORT"];

/// Leaves of `Allow` what a mount lets through: the engine knows nothing of mounts.
fn limit_allow(methods: &[&str], response: &mut Response) {
    if let Some(allow) = response.headers.get("allow") {
        let allowed = allow
            .split(',')
            .map(str::trim)
            .filter(|method| methods.contains(method));
        let allowed: Vec<&str> = allowed.collect();
        let allowed = allowed.join(", ");
        response.headers.set("allow", allowed);
    }
}
