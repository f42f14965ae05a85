//! Contacts: RFC 6352 over mailboxes of the type `addressbook`, with RFC 3744, 4331, 5397, 5689,
//! 5995 and 6578 by the engine.
//!
//! `/dav/addressbooks/user/alice/Default/1.vcf` is the message `1.vcf` in the mailbox
//! `["user", "alice", "#addressbooks", "Default"]`. A home with an address book is made when its
//! owner first comes. `/dav/addressbooks/directory/` has a card for each principal. Bytes are stored
//! as they were sent; other versions of vCard and jCard are made for those who ask for them.
//!
//! # Not supported
//! xCard (RFC 6351) and `CARDDAV:principal-address` (RFC 6352 §7.1.2): no client asks for them.

mod address_data;
mod addressbook_multiget;
mod addressbook_query;
mod directory;
mod export;
mod filter;
mod import;
mod keys;
mod namespace;
mod object_rules;
mod options;
mod page;
mod precondition;
mod profile;
mod properties;
mod provision;
mod representation;

pub use profile::{LAYOUT, PROFILE};

use std::cell::RefCell;
use std::rc::Rc;

use dav::store::mailbox::{MailboxStore, answer};
use directory::DirectoryStore;
use module::{
    Access, Answer, Descriptor, Extent, Home, Indexer, Key, Module, Mount, OptionSpec, Request,
    Unindexed, WellKnown,
};

/// The module.
pub struct CardDav;

module::export!(CardDav: indexer);

const MOUNT: &str = "/dav/addressbooks";

impl Module for CardDav {
    fn describe() -> Descriptor {
        Descriptor {
            name: "carddav".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Contacts over CardDAV.".to_owned(),
            mounts: vec![Mount::new(
                MOUNT,
                Extent::Prefix,
                &METHODS,
                // What is granted to anyone is public; the engine asks for a sign-in where one is
                // needed.
                Access::Anonymous,
            )],
            // RFC 6764 §5: the client finds its principal from there.
            well_known: vec![WellKnown {
                name: "carddav".to_owned(),
                target: format!("{MOUNT}/"),
            }],
            compliance: PROFILE
                .dav_tokens
                .iter()
                .map(|&token| token.to_owned())
                .collect(),
            homes: vec![
                // RFC 6352 §7.1.1.
                Home {
                    namespace: namespace::CARDDAV.to_owned(),
                    property: "addressbook-home-set".to_owned(),
                    path: format!("{MOUNT}/user/{{principal}}/"),
                },
                Home {
                    namespace: namespace::CARDDAV.to_owned(),
                    property: "directory-gateway".to_owned(),
                    path: format!("{MOUNT}/{}/", directory::NAME),
                },
            ],
            mailbox_types: [profile::BOOK, profile::HOME].map(str::to_owned).to_vec(),
            options: OPTIONS
                .map(|(name, help)| OptionSpec {
                    name: name.to_owned(),
                    help: help.to_owned(),
                })
                .to_vec(),
            capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        }
    }

    fn handle(mut request: Request) -> Answer {
        let body = Rc::new(RefCell::new(request.body.take()));
        let store = DirectoryStore::new(MailboxStore::new(&LAYOUT, &request, body.clone()));
        let mount = std::mem::take(&mut request.mount);
        answer(&PROFILE, &store, &mount, request, &body, |member| {
            store.mailboxes().open_body(member)
        })
    }
}

impl Indexer for CardDav {
    fn version() -> u32 {
        vcard::KEYS_VERSION
    }

    fn keys(message: Unindexed) -> Vec<Key> {
        keys::of_message(&message)
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

const OPTIONS: [(&str, &str); 5] = [
    (
        "addressbook_default_displayname",
        "What the address book that everyone has is called; Personal if it is not set.",
    ),
    (
        "carddav_allowaddressbookadmin",
        "Whether browsers get a page to look after address books; yes if it is not set.",
    ),
    (
        "carddav_repair_vcard",
        "Whether control characters are taken out of cards instead of refusing them.",
    ),
    (
        "mailbox_maxmessages_addressbook",
        "How many cards may lie in an address book; any number if it is not set, or 0.",
    ),
    (
        "vcard_max_size",
        "The largest card in bytes, or with K or M behind it; at most 10M, as if it is not set.",
    ),
];

const CAPABILITIES: [&str; 13] = [
    "annotation",
    "batch",
    "blob",
    "config",
    "directory",
    "exchange",
    "identity",
    "index",
    "lock",
    "mailbox",
    "modules",
    "quota",
    "rights",
];
