//! Principals: who there is, where their homes are, and the way there from the root. RFC 3744,
//! RFC 5397.
//!
//! `/dav/principals/user/alice/` and `/dav/principals/group/staff/` are principals. `/` and `/dav/`
//! are collections for PROPFIND alone, so that a client that knows nothing but the server's name
//! finds `DAV:current-user-principal`; what a browser sees there is the host's.

mod homes;
mod profile;
mod store;

pub use profile::PROFILE;

use std::cell::RefCell;
use std::rc::Rc;

use dav::store::mailbox::{PRINCIPALS, answer};
use module::{Access, Answer, Descriptor, Extent, Module, Mount, Request};
use store::PrincipalStore;

/// The module.
pub struct Principals;

module::export!(Principals);

impl Module for Principals {
    fn describe() -> Descriptor {
        let access = Access::AuthenticatedButOptions;
        let above = ["OPTIONS", "PROPFIND", "REPORT"];
        let all = ["OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT"];
        Descriptor {
            name: "principals".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Who there is, and where their collections are.".to_owned(),
            mounts: vec![
                Mount::new(PRINCIPALS, Extent::Prefix, &all, access),
                Mount::new("/dav", Extent::Exact, &above, access),
                Mount::new("/", Extent::Exact, &above, access),
            ],
            capabilities: ["directory", "exchange", "identity", "modules"]
                .map(str::to_owned)
                .to_vec(),
            ..Descriptor::default()
        }
    }

    fn handle(mut request: Request) -> Answer {
        let body = Rc::new(RefCell::new(request.body.take()));
        let store = PrincipalStore::new(request.received);
        // All mounts are seen as one tree from the root.
        match answer(&PROFILE, &store, "", request, &body, |_| None) {
            Answer::Complete(mut response) => {
                homes::advertise(store.modules(), &mut response);
                response.into()
            }
            other => other,
        }
    }
}
