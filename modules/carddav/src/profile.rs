//! CardDAV in one table: what address books add to the engine. RFC 6352.

use dav::page;
use dav::profile::{Limits, On, Report};
use dav::store::mailbox::Layout;
use dav::{Collection, CollectionKind, Context, Error, Path, Profile};
use xml::Name;

use crate::directory::DIRECTORY;
use crate::namespace::{CALENDARSERVER, CARDDAV};
use crate::page::PAGE;
use crate::precondition::ADDRESSBOOK_COLLECTION_LOCATION_OK;
use crate::{
    addressbook_multiget, addressbook_query, export, import, object_rules, options, properties,
    provision, representation,
};

/// The type of the mailboxes that hold address objects. RFC 6352 §5.2.
pub const BOOK: &str = "addressbook";

/// The type of the mailbox that a principal's address books lie in. RFC 6352 §7.1.1.
pub const HOME: &str = "addressbook-home";

/// The kind of what only leads to homes.
const LEAD: &str = "lead";

/// The protocol.
pub static PROFILE: Profile = Profile {
    dav_tokens: &["addressbook"],
    prefixes: &[(CARDDAV, "C"), (CALENDARSERVER, "CS")],
    kinds: &[
        CollectionKind {
            name: BOOK,
            resourcetype: &[Name::new(CARDDAV, "addressbook")],
            creatable: true,
            holds_members: true,
            syncs: true,
            add_member: true,
            extension: ".vcf",
            put: Some(object_rules::put),
            get_member: Some(representation::get),
            get: Some(export::get),
            post: Some(import::post),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: DIRECTORY,
            resourcetype: &[
                Name::new(CARDDAV, "addressbook"),
                Name::new(CARDDAV, "directory"),
            ],
            get_member: Some(representation::get),
            get: Some(export::get),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: HOME,
            holds_collections: true,
            syncs: true,
            get: Some(|ctx, home| page::get(ctx, home, &PAGE)),
            post: Some(|ctx, home| page::post(ctx, home, &PAGE)),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: LEAD,
            ..CollectionKind::PLAIN
        },
    ],
    default_kind: None,
    place: Some(place),
    part: Some(provision::part),
    properties: properties::ALL,
    reports: REPORTS,
    limits: Limits {
        // What is too large by a little gets the condition that says so.
        member_len_max: 2 * options::LEN_MAX,
        ..Limits::DEFAULT
    },
    ..Profile::PLAIN
};

/// Address books, and what is one to reports.
pub(crate) const BOOKS: &[&str] = &[BOOK, DIRECTORY];

/// What queries can be sent to.
const QUERIED: &[&str] = &[BOOK, DIRECTORY, HOME];

static REPORTS: &[Report] = &[
    Report {
        name: Name::new(CARDDAV, "addressbook-query"),
        on: On {
            members: true,
            ..On::kinds(QUERIED)
        },
        run: addressbook_query::run,
    },
    Report {
        name: Name::new(CARDDAV, "addressbook-multiget"),
        on: On {
            members: true,
            ..On::kinds(QUERIED)
        },
        run: addressbook_multiget::run,
    },
];

/// The mailboxes. Their names and rights are those of Cyrus.
pub static LAYOUT: Layout = Layout {
    home: "#addressbooks",
    home_kind: HOME,
    lead_kind: LEAD,
    leaf_kinds: &[BOOK],
    shared_in_home: true,
    keys_version: vcard::KEYS_VERSION,
    provision: provision::provision,
    media_type: |_| Some("text/vcard; charset=utf-8"),
    ..Layout::PLAIN
};

/// An address book is in a home, and nowhere deeper. RFC 6352 §5.2: "Address book collections MUST
/// NOT contain other address book collections".
fn place(
    ctx: &Context<'_>,
    parent: &Collection,
    path: &Path,
    _: &CollectionKind,
) -> Result<(), Error> {
    match parent.kind.as_str() {
        HOME => Ok(()),
        _ => Err(ADDRESSBOOK_COLLECTION_LOCATION_OK.error_at(&[ctx.href(path, true)])),
    }
}
