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
use module::{Access, Answer, Descriptor, Extent, Indexer, Key, Module, Request, Unindexed};

/// The module.
pub struct CardDav;

module::export!(CardDav: indexer);

const MOUNT: &str = "/dav/addressbooks";

impl Module for CardDav {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        let home = format!("{MOUNT}/user/{{principal}}/");
        let directory = format!("{MOUNT}/{}/", directory::NAME);
        Descriptor::new("carddav", version, "Contacts over CardDAV.")
            // What is granted to anyone is public; the engine asks for a sign-in where one is needed.
            .mount(MOUNT, Extent::Prefix, &dav::METHODS, Access::Anonymous)
            // RFC 6764 §5: the client finds its principal from there.
            .well_known("carddav", &format!("{MOUNT}/"))
            .compliance(PROFILE.dav_tokens)
            // RFC 6352 §7.1.1.
            .home(namespace::CARDDAV, "addressbook-home-set", &home)
            // draft-daboo-carddav-directory-gateway.
            .home(namespace::CARDDAV, "directory-gateway", &directory)
            .mailbox_types(&[profile::BOOK, profile::HOME])
            .options(&OPTIONS)
            .capabilities(&dav::store::mailbox::CAPABILITIES)
            .capabilities(&["config", "modules"])
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
