//! What may be stored in an address book. RFC 6352 §5.1, §6.3.2.1.
//!
//! Bytes are stored as they were sent, so that their entity tag can be given with the answer. Only
//! jCard, which becomes what address books hold, vCard 4.0, and what has to be repaired get none.

use std::borrow::Cow;

use dav::profile::{Accepted, Incoming, Origin, check_room};
use dav::store::{Accept, CommitError, Content, Filter, Listing, Refusal, Unique, UniqueScope};
use dav::{Collection, Context, Error, Member};
use vcard::{Card, Fault, Limits, Version, check, jcard, object_uid};

use crate::precondition::{
    MAX_RESOURCE_SIZE, NO_UID_CONFLICT, SUPPORTED_ADDRESS_DATA, VALID_ADDRESS_DATA, because,
};
use crate::representation::Form;
use crate::{keys, options};

/// Checks a body on its way to become an address object.
pub(crate) fn put(ctx: &Context<'_>, incoming: Incoming<'_>) -> Result<Accepted, Error> {
    if incoming.body.len() as u64 > options::len_max() {
        return Err(MAX_RESOURCE_SIZE.error());
    }
    check_room(ctx, &incoming, options::members_max())?;
    let said = Said::parse(incoming.content_type)?;
    let body = match said.form {
        Form::Jcard => Cow::Owned(read_jcard(&incoming.body)?),
        Form::Stored | Form::Vcard(_) => repaired(&incoming),
    };
    let card = Card::parse(&body, &Limits::DEFAULT).map_err(invalid)?;
    check(&card).map_err(invalid)?;
    if let Form::Vcard(version) = said.form
        && version != card.version()
    {
        let why = format!("Content-Type says version {version}, and the card is another");
        return Err(because(&VALID_ADDRESS_DATA, &why));
    }
    let uid = card.first("UID").map(|uid| uid.text().into_owned());
    let uid = object_uid(&uid.unwrap_or_default()).to_owned();
    if let Some(existing) = incoming.existing {
        check_same_uid(ctx, incoming.collection, existing, &uid)?;
    }
    let changed = matches!(body, Cow::Owned(_));
    let keys = keys::of(&body);
    let version = card.version();
    let content = match (incoming.origin, changed) {
        (Origin::Copy | Origin::Move, _) => Content::Unchanged,
        (Origin::Put | Origin::Post, _) => Content::Bytes(body.into_owned()),
    };
    let mut accept = Accept::plain(content, Some(content_type(version)));
    accept.keys = keys;
    accept.unique.push(Unique {
        name: keys::UID.to_owned(),
        value: keys::uid_value(&uid),
        scope: UniqueScope::Collection,
    });
    let mut accepted = Accepted::plain(accept);
    accepted.changed = changed;
    accepted.refused = Some(refused);
    Ok(accepted)
}

/// What a stored card is said to be. Programs know 3.0 without being told.
fn content_type(version: Version) -> String {
    match version {
        Version::V4_0 => "text/vcard; version=4.0; charset=utf-8".to_owned(),
        Version::V2_1 | Version::V3_0 => "text/vcard; charset=utf-8".to_owned(),
    }
}

/// What the client says that it sends.
struct Said {
    form: Form,
}

impl Said {
    /// One that says no type, or none that means anything, sends what the place is for.
    fn parse(content_type: Option<&str>) -> Result<Self, Error> {
        let mut parts = content_type.unwrap_or_default().split(';');
        let media_type = parts.next().unwrap_or_default().trim();
        let mut version = None;
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "version" => version = Some(value),
                "charset" if !is_utf8(value) => {
                    let why = format!("charset={value:.40}: only UTF-8 is supported");
                    return Err(because(&SUPPORTED_ADDRESS_DATA, &why));
                }
                _ => {}
            }
        }
        let means_nothing = ["", "application/octet-stream", "text/plain"]
            .iter()
            .any(|known| media_type.eq_ignore_ascii_case(known));
        let form = match means_nothing {
            true => Some(Form::Stored),
            false => Form::of(media_type, version),
        };
        match form {
            Some(form) => Ok(Self { form }),
            None => Err(because(
                &SUPPORTED_ADDRESS_DATA,
                "address books take text/vcard of version 3.0 and 4.0",
            )),
        }
    }
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"].contains(&charset.to_ascii_lowercase().as_str())
}

/// The body without control characters, if the operator wants that: Cyrus has the option.
fn repaired<'i>(incoming: &'i Incoming<'_>) -> Cow<'i, [u8]> {
    let is_bad = |byte: &u8| matches!(byte, 0..=8 | 0xB | 0xC | 0xE..=0x1F | 0x7F);
    let comes_in = matches!(incoming.origin, Origin::Put | Origin::Post);
    match comes_in && incoming.body.iter().any(is_bad) && options::repairs() {
        true => Cow::Owned(
            incoming
                .body
                .iter()
                .copied()
                .filter(|byte| !is_bad(byte))
                .collect(),
        ),
        false => Cow::Borrowed(&incoming.body),
    }
}

fn read_jcard(json: &[u8]) -> Result<Vec<u8>, Error> {
    let mut cards = jcard::read(json, &Limits::DEFAULT).map_err(invalid)?;
    match (cards.pop(), cards.pop()) {
        (Some(card), None) => Ok(card),
        (None, _) => Err(because(&VALID_ADDRESS_DATA, "there is no card in it")),
        (Some(_), Some(_)) => Err(because(&VALID_ADDRESS_DATA, "more than one card")),
    }
}

/// What is wrong with a card, for the client: the condition, the line, and why.
pub(crate) fn invalid(error: vcard::Error) -> Error {
    match error.fault {
        Fault::Version(_) | Fault::Charset(_) => {
            because(&SUPPORTED_ADDRESS_DATA, &error.to_string())
        }
        Fault::TooBig {
            what: "bytes in a card" | "bytes",
            ..
        } => MAX_RESOURCE_SIZE.error(),
        _ => because(&VALID_ADDRESS_DATA, &error.to_string()),
    }
}

/// What is replaced must have had the same UID; and if another object has it, that one is told.
fn check_same_uid(
    ctx: &Context<'_>,
    book: &Collection,
    existing: &Member,
    uid: &str,
) -> Result<(), Error> {
    let value = keys::uid_value(uid);
    let filter = [Filter::Equals(keys::UID, &value)];
    let listing = Listing {
        members: true,
        filter: &filter,
        limit: 2,
        ..Listing::default()
    };
    let page = ctx.store.children(book, &listing)?;
    let mut others = page
        .members
        .iter()
        .filter(|found| found.name != existing.name);
    let is_same = page.members.iter().any(|found| found.name == existing.name);
    let conflict = match others.next() {
        Some(other) => &other.name,
        None if is_same => return Ok(()),
        None => &existing.name,
    };
    let path = book.path.join(conflict);
    Err(NO_UID_CONFLICT.error_at(&[ctx.href(&path, false)]))
}

/// Another object of the address book has the UID.
fn refused(ctx: &Context<'_>, error: &CommitError) -> Option<Error> {
    match &error.refusal {
        Refusal::NotUnique { other, .. } => Some(match other {
            Some(other) => NO_UID_CONFLICT.error_at(&[ctx.href(other, false)]),
            None => NO_UID_CONFLICT.error(),
        }),
        _ => None,
    }
}
