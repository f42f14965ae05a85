//! What sharees see of objects that are private: when, not what. RFC 5545 §3.8.1.3.
//!
//! The owner of a calendar sees and changes all that is in it. To everyone else an object of any
//! class but PUBLIC has only the properties that say when it is and whether that makes
//! its owner busy; filters do not see more either, and nobody but the owner changes, copies or
//! removes it, since what they cannot see would be lost, or seen.

use std::borrow::Cow;

use dav::{Collection, Context, Error, Member, Resource};
use icalendar::{Calendar, Component, Item};

/// The properties of a private component that everyone sees.
const SEEN: [&str; 16] = [
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "EXRULE",
    "RECURRENCE-ID",
    "FREEBUSY",
    "TRANSP",
    "STATUS",
    "SEQUENCE",
    "CLASS",
];

/// Whether the asking principal sees all that is in a calendar.
pub(crate) fn sees_all(ctx: &Context<'_>, calendar: &Collection) -> bool {
    is_owner(ctx, calendar.owner.as_deref())
}

/// The same, by who owns it; none is everyone.
pub(crate) fn is_owner(ctx: &Context<'_>, owner: Option<&str>) -> bool {
    owner.is_none() || owner == ctx.user_id()
}

/// Whether others than the owner do not see all of an object.
pub(crate) fn is_private_object(body: &[u8]) -> bool {
    matches!(redact(body), Cow::Owned(_))
}

/// Refuses to touch a private object of somebody else's.
pub(crate) fn check_change(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
) -> Result<(), Error> {
    if sees_all(ctx, calendar) {
        return Ok(());
    }
    let body = ctx.store.read(calendar, member)?;
    check_body(ctx, calendar, &body)
}

/// Refuses to copy or move a whole calendar of somebody else's: what is private would be seen there.
pub(crate) fn check_whole(ctx: &Context<'_>) -> Result<(), Error> {
    match ctx.find_target()? {
        Some(Resource::Collection(source)) if !sees_all(ctx, &source) => Err(Error::Forbidden(
            "only its owner copies or moves a calendar as a whole".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The same, where the body is known.
pub(crate) fn check_body(
    ctx: &Context<'_>,
    calendar: &Collection,
    body: &[u8],
) -> Result<(), Error> {
    match !sees_all(ctx, calendar) && is_private_object(body) {
        true => Err(Error::Forbidden(
            "a private object is its owner's to change".to_owned(),
        )),
        false => Ok(()),
    }
}

/// What everyone sees of an object.
pub(crate) fn redact(body: &[u8]) -> Cow<'_, [u8]> {
    // Most objects do not even say the word.
    if !mentions_class(body) {
        return Cow::Borrowed(body);
    }
    let Ok(mut calendar) = Calendar::parse_stored(body) else {
        return Cow::Borrowed(body);
    };
    if !calendar.calendar_components().any(is_private) {
        return Cow::Borrowed(body);
    }
    let root = calendar.root_mut();
    // What the stream itself says may tell as much.
    root.retain(|item| match item {
        Item::Property(property) => ["VERSION", "PRODID", "CALSCALE"]
            .iter()
            .any(|name| property.is(name)),
        Item::Component(_) => true,
    });
    for component in root.components_mut() {
        if !component.is("VTIMEZONE") {
            component.retain(|item| match item {
                Item::Property(property) => SEEN.iter().any(|name| property.is(name)),
                Item::Component(_) => false,
            });
        }
    }
    Cow::Owned(calendar.to_bytes())
}

/// One private component makes the object private: overrides often leave the class out.
fn is_private(component: &Component<'_>) -> bool {
    let class = component.text("CLASS");
    class.is_some_and(|class| {
        // "Applications MUST treat x-name and iana-token values they don't recognize the same way
        // as they would the PRIVATE value."
        let class = class.trim();
        !class.is_empty() && !class.eq_ignore_ascii_case("PUBLIC")
    })
}

/// Whether a line may begin with the word. A folded one could hide it: then it is looked at, too.
fn mentions_class(body: &[u8]) -> bool {
    body.windows(5)
        .any(|word| word.eq_ignore_ascii_case(b"CLASS"))
        || body
            .windows(3)
            .any(|fold| matches!(fold, [b'\n', b' ' | b'\t', b'A'..=b'Z' | b'a'..=b'z']))
}
