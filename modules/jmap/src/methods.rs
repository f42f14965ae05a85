//! All methods there are, and the capability that a client must name to use each.

use crate::api;
use crate::blob::methods as blob;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::json::Object;
use crate::mail::email::{self, Emails};
use crate::mail::identity::Identities;
use crate::mail::mailbox::Mailboxes;
use crate::mail::mdn;
use crate::mail::submission::Submissions;
use crate::mail::thread::Threads;
use crate::mail::vacation::VacationResponses;
use crate::principal::Principals;
use crate::principal::notification::{ShareNotifications, after_looking};
use crate::push_subscription;
use crate::quota::Quotas;
use crate::session::{BLOB, CORE, MAIL, MDN, PRINCIPALS, QUOTA, SIEVE, SUBMISSION, VACATION};
use crate::sieve::{self, SieveScripts};
use crate::standard::{changes, copy, get, query, query_changes, set};

/// What answers a call.
pub type Method = fn(&mut Context, Arguments) -> Result<Object>;

const METHODS: &[(&str, &str, Method)] = &[
    ("Core/echo", CORE, api::echo),
    ("Blob/copy", CORE, blob::copy),
    ("PushSubscription/get", CORE, push_subscription::get),
    ("PushSubscription/set", CORE, push_subscription::set),
    ("Blob/upload", BLOB, blob::upload),
    ("Blob/get", BLOB, blob::get),
    ("Blob/lookup", BLOB, blob::lookup),
    ("Quota/get", QUOTA, get::<Quotas>),
    ("Quota/changes", QUOTA, changes::<Quotas>),
    ("Quota/query", QUOTA, query::<Quotas>),
    ("Mailbox/get", MAIL, get::<Mailboxes>),
    ("Mailbox/changes", MAIL, changes::<Mailboxes>),
    ("Mailbox/query", MAIL, query::<Mailboxes>),
    ("Mailbox/queryChanges", MAIL, query_changes::<Mailboxes>),
    ("Mailbox/set", MAIL, set::<Mailboxes>),
    ("Thread/get", MAIL, get::<Threads>),
    ("Thread/changes", MAIL, changes::<Threads>),
    ("Email/get", MAIL, get::<Emails>),
    ("Email/changes", MAIL, changes::<Emails>),
    ("Email/query", MAIL, query::<Emails>),
    ("Email/queryChanges", MAIL, query_changes::<Emails>),
    ("Email/set", MAIL, set::<Emails>),
    ("Email/copy", MAIL, copy::<Emails>),
    ("Email/import", MAIL, email::import),
    ("Email/parse", MAIL, email::parse),
    ("SearchSnippet/get", MAIL, email::snippets),
    ("MDN/parse", MDN, mdn::parse),
    ("MDN/send", MDN, mdn::send),
    ("Identity/get", SUBMISSION, get::<Identities>),
    ("Identity/changes", SUBMISSION, changes::<Identities>),
    ("Identity/set", SUBMISSION, set::<Identities>),
    ("EmailSubmission/get", SUBMISSION, get::<Submissions>),
    (
        "EmailSubmission/changes",
        SUBMISSION,
        changes::<Submissions>,
    ),
    ("EmailSubmission/query", SUBMISSION, query::<Submissions>),
    (
        "EmailSubmission/queryChanges",
        SUBMISSION,
        query_changes::<Submissions>,
    ),
    ("EmailSubmission/set", SUBMISSION, set::<Submissions>),
    ("VacationResponse/get", VACATION, get::<VacationResponses>),
    ("VacationResponse/set", VACATION, set::<VacationResponses>),
    ("SieveScript/get", SIEVE, get::<SieveScripts>),
    ("SieveScript/set", SIEVE, set::<SieveScripts>),
    ("SieveScript/query", SIEVE, query::<SieveScripts>),
    ("SieveScript/validate", SIEVE, sieve::validate),
    ("Principal/get", PRINCIPALS, get::<Principals>),
    ("Principal/changes", PRINCIPALS, changes::<Principals>),
    ("Principal/set", PRINCIPALS, set::<Principals>),
    ("Principal/query", PRINCIPALS, query::<Principals>),
    (
        "Principal/queryChanges",
        PRINCIPALS,
        query_changes::<Principals>,
    ),
    ("ShareNotification/get", PRINCIPALS, |context, arguments| {
        after_looking(context, arguments, get::<ShareNotifications>)
    }),
    (
        "ShareNotification/changes",
        PRINCIPALS,
        |context, arguments| after_looking(context, arguments, changes::<ShareNotifications>),
    ),
    ("ShareNotification/set", PRINCIPALS, |context, arguments| {
        after_looking(context, arguments, set::<ShareNotifications>)
    }),
    (
        "ShareNotification/query",
        PRINCIPALS,
        |context, arguments| after_looking(context, arguments, query::<ShareNotifications>),
    ),
    (
        "ShareNotification/queryChanges",
        PRINCIPALS,
        |context, arguments| after_looking(context, arguments, query_changes::<ShareNotifications>),
    ),
];

/// The method of this name, if the client has named its capability.
pub fn find(name: &str, using: &[String]) -> Option<Method> {
    let mut methods = METHODS.iter();
    let (_, _, method) = methods.find(|(known, capability, _)| {
        *known == name && using.iter().any(|named| named == capability)
    })?;
    Some(*method)
}

/// The method of this name, called by another one.
pub fn named(name: &str) -> Option<Method> {
    let mut methods = METHODS.iter();
    let (_, _, method) = methods.find(|(known, ..)| *known == name)?;
    Some(*method)
}
