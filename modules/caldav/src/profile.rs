//! CalDAV in one table: what calendars add to the engine. RFC 4791.

use dav::profile::{Limits, Method, On, Report};
use dav::store::mailbox::Layout;
use dav::{Collection, CollectionKind, Context, Error, Path, Privilege, Profile, Rights};
use xml::Name;

use crate::namespace::{APPLE, CALDAV, CALENDARSERVER};
use crate::precondition::CALENDAR_COLLECTION_LOCATION_OK;
use crate::{
    calendar_multiget, calendar_query, export, free_busy_query, free_busy_question, import, keys,
    managed_attachments, mkcalendar, object, object_rules, options, page, patch, personal, privacy,
    properties, provision, subscription,
};

/// The type of the mailboxes that hold calendar objects. RFC 4791 §4.2.
pub const CALENDAR: &str = "calendar";

/// The type of the mailbox that a principal's calendars lie in. RFC 4791 §6.2.1.
pub const HOME: &str = "calendar-home";

/// The type of the mailbox that invitations come to. RFC 6638 §2.2.
pub const INBOX: &str = "schedule-inbox";

/// The type of the mailbox that invitations are sent through. RFC 6638 §2.1.
pub const OUTBOX: &str = "schedule-outbox";

/// What follows the owner in the path of a calendar's mailbox.
pub const HOME_NAME: &str = "#calendars";

/// The kind of what only leads to homes, or to what can be seen in them.
pub(crate) const LEAD: &str = "lead";

/// The protocol.
pub static PROFILE: Profile = Profile {
    dav_tokens: &[
        "calendar-access",
        "calendar-availability",
        managed_attachments::TOKEN,
    ],
    prefixes: &[(CALDAV, "C"), (CALENDARSERVER, "CS"), (APPLE, "A")],
    kinds: &[
        CollectionKind {
            name: CALENDAR,
            resourcetype: &[Name::new(CALDAV, "calendar")],
            creatable: true,
            holds_members: true,
            syncs: true,
            add_member: true,
            extension: ".ics",
            put: Some(object_rules::put),
            put_personal: Some(personal::put),
            remove: Some(object_rules::remove),
            get_member: Some(object::get),
            get: Some(export::get),
            post: Some(import::post),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: HOME,
            holds_collections: true,
            syncs: true,
            get: Some(page::get),
            post: Some(subscription::post),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: INBOX,
            resourcetype: &[Name::new(CALDAV, "schedule-inbox")],
            syncs: true,
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: OUTBOX,
            resourcetype: &[Name::new(CALDAV, "schedule-outbox")],
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
    get_unmapped: Some(managed_attachments::get_moved),
    properties: properties::ALL,
    reports: REPORTS,
    methods: &[
        Method {
            name: "MKCALENDAR",
            mapped: false,
            on: On::ALL,
            run: mkcalendar::run,
        },
        Method {
            name: "POST",
            mapped: true,
            on: On::members_of(&[CALENDAR]),
            run: managed_attachments::post,
        },
        Method {
            name: "PATCH",
            mapped: true,
            on: On::members_of(&[CALENDAR]),
            run: patch::run,
        },
        Method {
            name: "REPORT",
            mapped: false,
            on: On::ALL,
            run: free_busy_question::run,
        },
    ],
    privileges: &PRIVILEGES,
    limits: Limits {
        // What is too large by a little gets the condition that says so.
        member_len_max: 2 * options::LEN_MAX,
        ..Limits::DEFAULT
    },
    ..Profile::PLAIN
};

/// What questions are answered with that other principals ask.
pub(crate) static ASKED: Profile = Profile {
    prefixes: &[(CALDAV, "C")],
    kinds: &[
        CollectionKind {
            name: CALENDAR,
            holds_members: true,
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: HOME,
            holds_collections: true,
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: INBOX,
            ..CollectionKind::PLAIN
        },
    ],
    reports: &[Report {
        name: Name::new(CALDAV, "free-busy-query"),
        on: On::kinds(&[CALENDAR, HOME]),
        run: free_busy_query::run,
    }],
    ..Profile::PLAIN
};

static REPORTS: &[Report] = &[
    Report {
        name: Name::new(CALDAV, "calendar-query"),
        on: On {
            members: true,
            ..On::kinds(&[CALENDAR, INBOX, HOME])
        },
        run: calendar_query::run,
    },
    Report {
        name: Name::new(CALDAV, "calendar-multiget"),
        on: On {
            members: true,
            ..On::kinds(&[CALENDAR, INBOX, HOME])
        },
        run: calendar_multiget::run,
    },
    Report {
        name: Name::new(CALDAV, "free-busy-query"),
        // A home in which only something can be seen is a lead.
        on: On {
            members: true,
            ..On::kinds(&[CALENDAR, HOME, LEAD])
        },
        run: free_busy_query::run,
    },
];

/// RFC 4791 §6.1.1.
static PRIVILEGES: [Privilege; 1] = [Privilege {
    name: Name::new(CALDAV, "read-free-busy"),
    parent: Some(Name::dav("read")),
    rights: Rights::of("9"),
    is_abstract: false,
    description: "Read free and busy times",
}];

/// The mailboxes. Their names and rights are those of Cyrus.
pub static LAYOUT: Layout = Layout {
    home: HOME_NAME,
    home_kind: HOME,
    lead_kind: LEAD,
    leaf_kinds: &[CALENDAR, INBOX, OUTBOX],
    personal: Some(personal::ANNOTATION),
    keys_version: keys::VERSION,
    shared_in_home: true,
    home_rights: "9",
    provision: provision::provision,
    media_type: |_| Some("text/calendar; charset=utf-8"),
};

/// A calendar is in a home, and nowhere deeper. RFC 4791 §4.2: "Calendar collections MUST NOT contain
/// other calendar collections".
fn place(
    ctx: &Context<'_>,
    parent: &Collection,
    path: &Path,
    _: &CollectionKind,
) -> Result<(), Error> {
    if ["COPY", "MOVE"].contains(&ctx.method) {
        privacy::check_whole(ctx)?;
    }
    match parent.kind.as_str() {
        HOME => Ok(()),
        _ => Err(CALENDAR_COLLECTION_LOCATION_OK.error_at(&[ctx.href(path, true)])),
    }
}
