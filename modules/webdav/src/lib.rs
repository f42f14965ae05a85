//! Files: RFC 4918 over mailboxes of the type `drive`, with RFC 3744, 4331, 5689, 5995, 6578 by the
//! engine and RFC 4709 here.
//!
//! `/dav/drive/user/alice/a/b.txt` is the message `b.txt` in the mailbox
//! `["user", "alice", "#drive", "a"]`. A home is made when its owner first comes. The collections
//! above show what the principal may see: its own home, and those in which something is shared.
//!
//! # Not supported
//! Ranges in PUT (RFC 9110 §14.4 lets a server refuse them), versions (RFC 3253 but for reports),
//! bindings (RFC 5842).

mod davmount;
mod file;
mod listing;
mod media_type;
mod profile;

pub use profile::{LAYOUT, PROFILE};

use dav::store::mailbox::serve;
use module::{Access, Answer, Descriptor, Extent, Module, Request};

/// The module.
pub struct WebDav;

module::export!(WebDav);

impl Module for WebDav {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("webdav", version, "Files and folders over WebDAV.")
            // What is granted to anyone is public; the engine asks for a sign-in where one is needed.
            .mount(
                "/dav/drive",
                Extent::Prefix,
                &dav::METHODS,
                Access::Anonymous,
            )
            .mailbox_types(&[profile::DRIVE])
            .options(&[(
                "davdriveprefix",
                "Where files are served; /dav/drive if it is not set.",
            )])
            .capabilities(&dav::store::mailbox::CAPABILITIES)
    }

    fn handle(request: Request) -> Answer {
        serve(&PROFILE, &LAYOUT, request)
    }
}
