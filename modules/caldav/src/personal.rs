//! What sharees of a calendar have of its objects for themselves: alarms, whether an event takes their
//! time, colour and categories.
//!
//! The stored bytes are the owner's object. What a sharee has is kept beside it, private to the sharee,
//! and takes the place of the owner's in all that the sharee gets; until there is any, the object comes
//! without the owner's alarms. To put an object that differs in nothing else changes no byte that
//! others see, and needs no right but to read. Cyrus has the same, by annotations with VPATCH.

use std::borrow::Cow;

use dav::profile::Incoming;
use dav::store::Operation;
use dav::{Collection, Context, Error, Member};
use icalendar::{Calendar, Limits, personal};

use crate::precondition::MAX_RESOURCE_SIZE;
use crate::{object_rules, privacy};

/// The private annotation that keeps it.
pub(crate) const ANNOTATION: &str = "personal-calendar-data";

/// How long it may be, in bytes: the host keeps no longer annotations.
const LEN_MAX: usize = 64 << 10;

/// An object as the asking principal has it.
pub(crate) fn view<'b>(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
    body: &'b [u8],
) -> Cow<'b, [u8]> {
    if privacy::sees_all(ctx, calendar) {
        return Cow::Borrowed(body);
    }
    let seen = privacy::redact(body);
    let limits = Limits::default();
    let Ok(parsed) = Calendar::parse(&seen, &limits) else {
        return seen;
    };
    let kept = member.personal.as_deref();
    let viewed = match kept.map(|kept| Calendar::parse(kept, &limits)) {
        Some(Ok(kept)) => personal::apply(&parsed, &kept),
        Some(Err(_)) | None if personal::has_alarms(&parsed) => personal::without_alarms(&parsed),
        Some(Err(_)) | None => return seen,
    };
    Cow::Owned(viewed.to_bytes())
}

/// Reads an object as the asking principal has it.
pub(crate) fn read(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
) -> Result<Vec<u8>, Error> {
    let body = ctx.store.read(calendar, member)?;
    Ok(view(ctx, calendar, member, &body).into_owned())
}

/// What keeps the sharee's own part of a body that changes nothing else; none for other bodies.
pub(crate) fn put(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    existing: &Member,
) -> Result<Option<Vec<Operation>>, Error> {
    if privacy::sees_all(ctx, incoming.collection) || ctx.user.is_none() {
        return Ok(None);
    }
    // What is wrong with it is found by the rules for objects.
    let Ok(body) = object_rules::as_icalendar(incoming) else {
        return Ok(None);
    };
    let Ok(sent) = Calendar::parse(&body, &Limits::default()) else {
        return Ok(None);
    };
    let seen = read(ctx, incoming.collection, existing)?;
    match Calendar::parse(&seen, &Limits::default()) {
        Ok(seen) if personal::is_same_but_personal(&seen, &sent) => {
            let kept = keep(incoming, &sent)?;
            let is_new = personal::extract(&seen).to_bytes() != personal::extract(&sent).to_bytes();
            Ok(Some(if is_new { vec![kept] } else { Vec::new() }))
        }
        _ => Ok(None),
    }
}

/// What is to be stored of an object that a sharee sends, and what keeps the sharee's own part of it.
/// The owner's own part stays in the object.
pub(crate) fn split(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    sent: &Calendar<'_>,
) -> Result<(Vec<u8>, Operation), Error> {
    let kept = keep(incoming, sent)?;
    let Some(existing) = incoming.existing else {
        return Ok((personal::without_alarms(sent).to_bytes(), kept));
    };
    let stored = ctx.store.read(incoming.collection, existing)?;
    let shared = match Calendar::parse(&stored, &Limits::default()) {
        Ok(stored) => personal::apply(sent, &personal::extract(&stored)).to_bytes(),
        Err(_) => personal::without_alarms(sent).to_bytes(),
    };
    Ok((shared, kept))
}

fn keep(incoming: &Incoming<'_>, sent: &Calendar<'_>) -> Result<Operation, Error> {
    let kept = personal::extract(sent).to_bytes();
    if kept.len() > LEN_MAX {
        return Err(MAX_RESOURCE_SIZE.error_with(|out| {
            out.text(&format!(
                "alarms and categories of one's own take {LEN_MAX} bytes at most"
            ));
        }));
    }
    Ok(Operation::Personal {
        path: incoming.path.clone(),
        value: Some(kept),
    })
}
