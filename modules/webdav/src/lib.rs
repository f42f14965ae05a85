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
use module::{Access, Answer, Descriptor, Extent, Module, Mount, OptionSpec, Request};

/// The module.
pub struct WebDav;

module::export!(WebDav);

impl Module for WebDav {
    fn describe() -> Descriptor {
        Descriptor {
            name: "webdav".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Files and folders over WebDAV.".to_owned(),
            mounts: vec![Mount::new(
                "/dav/drive",
                Extent::Prefix,
                &METHODS,
                // What is granted to anyone is public; the engine asks for a sign-in where one is
                // needed.
                Access::Anonymous,
            )],
            mailbox_types: vec![profile::DRIVE.to_owned()],
            options: vec![OptionSpec {
                name: "davdriveprefix".to_owned(),
                help: "Where files are served; /dav/drive if it is not set.".to_owned(),
            }],
            capabilities: CAPABILITIES.iter().map(|&name| name.to_owned()).collect(),
            ..Descriptor::default()
        }
    }

    fn handle(request: Request) -> Answer {
        serve(&PROFILE, &LAYOUT, request)
    }
}

const METHODS: [&str; 15] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "ACL",
];

const CAPABILITIES: [&str; 11] = [
    "annotation",
    "batch",
    "blob",
    "directory",
    "exchange",
    "identity",
    "index",
    "lock",
    "mailbox",
    "quota",
    "rights",
];
