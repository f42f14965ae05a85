//! Calendars: RFC 4791 over mailboxes of the type `calendar`, with RFC 3744, 4331, 5397, 5689, 5995
//! and 6578 by the engine; RFC 7265 (jCal), 7809 (time zones by reference), 7953 (availability), 8607
//! (managed attachments), the properties that Apple's clients brought, and a page for people here.
//!
//! `/dav/calendars/user/alice/Default/1.ics` is the message `1.ics` in the mailbox
//! `["user", "alice", "#calendars", "Default"]`. A home with a calendar, an Inbox and an Outbox is
//! made when its owner first comes. Calendars of others to which a principal has subscribed appear in
//! its own home as `bob.Default`. Bytes are stored, and given, as they were sent; what sharees have of
//! them for themselves is kept beside.
//!
//! # Not supported
//! Scheduling (RFC 6638): the Inbox and Outbox are there and empty, and `calendar-auto-schedule` is
//! not advertised.

mod calendar_data;
mod calendar_multiget;
mod calendar_query;
mod export;
mod export_zones;
mod filter;
mod floating;
mod free_busy_query;
mod free_busy_question;
mod import;
mod keys;
mod managed_attachments;
mod media_type;
mod mkcalendar;
mod namespace;
mod object;
mod object_rules;
mod options;
mod page;
mod patch;
mod personal;
mod precondition;
mod privacy;
mod profile;
mod properties;
mod provision;
mod subscription;
mod time_range;
mod timezones_by_reference;

pub use profile::{LAYOUT, PROFILE};

use dav::store::mailbox::serve;
use module::{
    Access, Answer, Descriptor, Extent, Home, Indexer, Key, Module, Mount, OptionSpec, Request,
    Unindexed, WellKnown,
};

/// The module.
pub struct CalDav;

module::export!(CalDav: indexer, receiver);

const MOUNT: &str = "/dav/calendars";

impl Module for CalDav {
    fn describe() -> Descriptor {
        Descriptor {
            name: "caldav".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Calendars over CalDAV.".to_owned(),
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
                name: "caldav".to_owned(),
                target: format!("{MOUNT}/"),
            }],
            compliance: PROFILE
                .dav_tokens
                .iter()
                .map(|&token| token.to_owned())
                .collect(),
            homes: vec![Home {
                namespace: namespace::CALDAV.to_owned(),
                property: "calendar-home-set".to_owned(),
                path: format!("{MOUNT}/user/{{principal}}/"),
            }],
            mailbox_types: [
                profile::CALENDAR,
                profile::HOME,
                profile::INBOX,
                profile::OUTBOX,
            ]
            .map(str::to_owned)
            .to_vec(),
            options: OPTIONS
                .map(|(name, help)| OptionSpec {
                    name: name.to_owned(),
                    help: help.to_owned(),
                })
                .to_vec(),
            capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        }
    }

    fn handle(request: Request) -> Answer {
        let is_options = request.method == "OPTIONS";
        let is_patch = request.method == "PATCH";
        match serve(&PROFILE, &LAYOUT, request) {
            Answer::Complete(mut response) if is_options => {
                timezones_by_reference::advertise(&mut response);
                managed_attachments::advertise(&mut response);
                patch::advertise(&mut response);
                response.into()
            }
            Answer::Complete(mut response) if is_patch => {
                patch::advertise(&mut response);
                response.into()
            }
            answer => answer,
        }
    }
}

impl Indexer for CalDav {
    fn version() -> u32 {
        keys::VERSION
    }

    fn keys(message: Unindexed) -> Vec<Key> {
        keys::index(&message)
    }
}

const OPTIONS: [(&str, &str); 14] = [
    (
        "caldav_accept_invalid_rrules",
        "Whether objects are taken whose recurrence rules cannot be read; no if it is not set.",
    ),
    (
        "caldav_allowcalendaradmin",
        "Whether a home in a browser is a page to manage calendars with; no if it is not set.",
    ),
    (
        "caldav_allowattach",
        "Whether the server keeps attachments of calendar objects; yes if it is not set.",
    ),
    (
        "caldav_create_default",
        "Whether a new home has a calendar in it; yes if it is not set.",
    ),
    (
        "caldav_create_sched",
        "Whether a new home has an Inbox and an Outbox in it; yes if it is not set.",
    ),
    (
        "caldav_max_instances",
        "How many instances of recurrences one request may make; 20000 if it is not set.",
    ),
    (
        "caldav_max_recurrence_work",
        "How many steps of work recurrences may take in one request; 2000000 if it is not set.",
    ),
    (
        "caldav_maxdatetime",
        "The latest time in new objects, in UTC; 99991231T235959Z if it is not set.",
    ),
    (
        "caldav_mindatetime",
        "The earliest time in new objects, in UTC; 00010101T000000Z if it is not set.",
    ),
    (
        "calendar_component_set",
        "The types of components for calendars that say none, like VEVENT VTODO; all if not set.",
    ),
    (
        "calendar_default_displayname",
        "What the calendar that everyone has is called; personal if it is not set.",
    ),
    (
        "icalendar_max_size",
        "The largest calendar object in bytes, or with K or M; at most 10M, as if it is not set.",
    ),
    (
        "mailbox_maxmessages_calendar",
        "How many objects may lie in a calendar; any number if it is not set, or 0.",
    ),
    (
        "webdav_attachments_baseurl",
        "What URLs of new attachments begin with, like https://example.org; as the request, if not set.",
    ),
];

const METHODS: [&str; 17] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "PATCH",
    "DELETE",
    "MKCOL",
    "MKCALENDAR",
    "COPY",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "ACL",
];

const CAPABILITIES: [&str; 14] = [
    "annotation",
    "batch",
    "blob",
    "config",
    "delivery",
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
