//! What may be stored in a calendar. RFC 4791 §4.1, §5.3.2.1.
//!
//! Bytes are stored as they were sent, so that their entity tag can be given with the answer.

use std::borrow::Cow;

use dav::profile::{Accepted, Incoming, Origin, check_room};
use dav::property::Subject;
use dav::store::{
    Accept, Batch, CommitError, Content, Filter, Listing, Refusal, Unique, UniqueScope,
};
use dav::{Collection, Context, Error, Fields, Member, Precondition, Resource, Stored, Want};
use icalendar::object::{Invalid, Object, Precondition as Rule};
use icalendar::series::{Range, Series};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits, ParseError};

use crate::media_type::Form;
use crate::precondition::{
    MAX_ATTENDEES_PER_INSTANCE, MAX_DATE_TIME, MAX_RESOURCE_SIZE, MIN_DATE_TIME, NO_UID_CONFLICT,
    SUPPORTED_CALENDAR_COMPONENT, SUPPORTED_CALENDAR_DATA, SUPPORTED_RSCALE, TOO_MANY_INSTANCES,
    VALID_CALENDAR_DATA, VALID_CALENDAR_OBJECT_RESOURCE,
};
use crate::properties::rfc4791::{ATTENDEES_MAX, COMPONENT_SET_NAME, supported_components};
use crate::{keys, managed_attachments, options, personal, privacy};

/// The rules for PUT, POST, COPY and MOVE into a calendar.
pub(crate) fn put(ctx: &Context<'_>, mut incoming: Incoming<'_>) -> Result<Accepted, Error> {
    if incoming.body.len() as u64 > options::len_max() {
        return Err(MAX_RESOURCE_SIZE.error());
    }
    if !privacy::sees_all(ctx, incoming.collection)
        && let Some(existing) = incoming.existing
    {
        privacy::check_change(ctx, incoming.collection, existing)?;
    }
    check_room(ctx, &incoming, options::members_max())?;
    let is_brought = bring(ctx, &mut incoming)?;
    let body = as_icalendar(&incoming)?;
    let calendar = Calendar::parse(&body, &Limits::default()).map_err(unreadable)?;
    let object = match options::accepts_invalid_rules() {
        true => Object::check_but_rules(&calendar),
        false => Object::check(&calendar),
    };
    let object = object.map_err(no_object)?;
    let kind = object.kind().name();
    check_component(ctx, incoming.collection, kind)?;
    if object.attendees_max() > ATTENDEES_MAX {
        return Err(MAX_ATTENDEES_PER_INSTANCE.error());
    }
    check_dates(&object)?;
    if matches!(incoming.origin, Origin::Put | Origin::Post) {
        check_recurrence(&calendar)?;
    }
    // A POST to an object stores what it refers to together with it.
    let attachments = match ctx.method == "POST" && incoming.origin == Origin::Put {
        true => Vec::new(),
        false => managed_attachments::bring(ctx, &incoming, &calendar)?,
    };
    if let Some(existing) = incoming.existing {
        check_same_uid(ctx, incoming.collection, existing, object.object_uid())?;
    }
    let content_type = format!("text/calendar; charset=utf-8; component={kind}");
    let comes_in = is_brought || matches!(incoming.origin, Origin::Put | Origin::Post);
    let is_sharees = comes_in && !privacy::sees_all(ctx, incoming.collection);
    let split = match is_sharees && ctx.user.is_some() {
        true => Some(personal::split(ctx, &incoming, &calendar)?),
        false => None,
    };
    let keys = match &split {
        Some((shared, _)) => {
            keys::of(&Calendar::parse(shared, &Limits::default()).map_err(unreadable)?)
        }
        None => keys::of(&calendar),
    };
    let unique = Unique {
        name: keys::UID.to_owned(),
        value: keys::short(object.object_uid()).into_owned(),
        scope: UniqueScope::Collection,
    };
    let content = match (comes_in, &split) {
        (true, Some((shared, _))) => Content::Bytes(shared.clone()),
        (true, None) => Content::Bytes(body.to_vec()),
        (false, _) => Content::Unchanged,
    };
    let mut accept = Accept::plain(content, Some(content_type));
    accept.keys = keys;
    accept.unique.push(unique);
    let mut accepted = Accepted::plain(accept);
    accepted.more.operations.extend(attachments);
    if let Some(existing) = incoming.existing {
        let kept = managed_attachments::managed_ids(&calendar);
        let released =
            managed_attachments::release_dropped(ctx, incoming.collection, existing, &kept)?;
        accepted.more.operations.extend(released);
    }
    if let Some((_, kept)) = split {
        // What becomes of the two is written in an order of its own.
        accepted.changed = true;
        accepted.more.push(kept);
    }
    accepted.changed |= matches!(body, Cow::Owned(_));
    accepted.refused = Some(refused);
    Ok(accepted)
}

/// What is removed: nothing private of somebody else's.
pub(crate) fn remove(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
    batch: &mut Batch,
) -> Result<(), Error> {
    privacy::check_change(ctx, calendar, member)?;
    // With a whole calendar go all of its attachments; and what takes the place of a member may refer to
    // the same ones.
    let is_single = ctx.target.path.parent().as_ref() == Some(&calendar.path);
    if is_single && ctx.method == "DELETE" {
        let released = managed_attachments::release_dropped(ctx, calendar, member, &[])?;
        batch.operations.extend(released);
    }
    Ok(())
}

/// What came in, as it is to be stored.
pub(crate) fn as_icalendar<'i>(incoming: &'i Incoming<'_>) -> Result<Cow<'i, [u8]>, Error> {
    Ok(match form_of(incoming.content_type)? {
        Form::ICalendar => Cow::Borrowed(incoming.body.as_slice()),
        Form::JCal => Cow::Owned(from_jcal(&incoming.body, &Limits::default())?),
    })
}

/// What a client sends: if it says no type, or none that means anything, what the place is for.
fn form_of(content_type: Option<&str>) -> Result<Form, Error> {
    let content_type = content_type.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.is_empty() || essence.eq_ignore_ascii_case("application/octet-stream") {
        return Ok(Form::ICalendar);
    }
    Form::named(essence).ok_or_else(|| SUPPORTED_CALENDAR_DATA.error())
}

/// jCal as iCalendar, which is what is stored. RFC 7265 §4.
pub(crate) fn from_jcal(body: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let text = std::str::from_utf8(body);
    let text = text.map_err(|error| because(&VALID_CALENDAR_DATA, &error.to_string()))?;
    icalendar::jcal::from_jcal(text, limits)
        .map_err(|error| because(&VALID_CALENDAR_DATA, &error.to_string()))
}

/// Somebody else's private object is not copied or moved to where it could be seen. What comes from
/// one owner to another is what whoever brings it sees: then whether it does is the answer.
fn bring(ctx: &Context<'_>, incoming: &mut Incoming<'_>) -> Result<bool, Error> {
    let Some((path, member)) = incoming.source else {
        return Ok(false);
    };
    let parent = path.parent().unwrap_or_default();
    let Some(Resource::Collection(source)) = ctx.find(&parent, &Want::default())? else {
        return Ok(false);
    };
    privacy::check_body(ctx, &source, &incoming.body)?;
    if source.owner == incoming.collection.owner {
        return Ok(false);
    }
    incoming.body = personal::view(ctx, &source, member, &incoming.body).into_owned();
    Ok(true)
}

/// Nothing is before `min-date-time` or after `max-date-time`. Time zones are not looked at: who sets
/// bounds means years.
fn check_dates(object: &Object<'_>) -> Result<(), Error> {
    let (min, max) = (options::min_date_time(), options::max_date_time());
    for component in object.components() {
        for name in ["DTSTART", "DTEND", "DUE", "RECURRENCE-ID"] {
            let property = component.property(name);
            let time = property.and_then(|property| property.time().ok());
            match time.map(|time| time.local) {
                Some(time) if time < min => return Err(MIN_DATE_TIME.error()),
                Some(time) if time > max => return Err(MAX_DATE_TIME.error()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Recurrences can be gone through: a day has no more instances than one answer may have, and whether
/// there is one in a month, ten years later, takes a fraction of the work of a request. Else who asks
/// for the calendar, or when its owner is busy, would pay for it each time.
fn check_recurrence(calendar: &Calendar<'_>) -> Result<(), Error> {
    const DAY: i64 = 86_400;
    const MONTH_WORK: u64 = 20_000;
    let series = Series::of(calendar, Zone::Utc);
    let Some(start) = series.earliest().filter(|_| series.is_recurring()) else {
        return Ok(());
    };
    let (day, later) = (start.saturating_add(DAY), start.saturating_add(3650 * DAY));
    let day = Range::new(Some(start), Some(day));
    let month = Range::new(Some(later), Some(later.saturating_add(31 * DAY)));
    let instances = series.instances(day, &mut Budget::new(Budget::WORK, Budget::INSTANCES));
    let found = series.overlaps(month, &mut Budget::new(MONTH_WORK, Budget::INSTANCES));
    match instances.map(drop).and(found.map(drop)) {
        Ok(()) => Ok(()),
        Err(exceeded) => Err(because(&TOO_MANY_INSTANCES, &exceeded.to_string())),
    }
}

fn check_component(ctx: &Context<'_>, calendar: &Collection, kind: &str) -> Result<(), Error> {
    let names = [COMPONENT_SET_NAME];
    let want = Want {
        fields: Fields::NONE,
        stored: Stored::Names(&names),
    };
    let found = ctx.find(&calendar.path, &want)?;
    let subject = match &found {
        Some(Resource::Collection(found)) => Subject::Collection(found),
        _ => Subject::Collection(calendar),
    };
    let supported = supported_components(subject)?;
    match supported.iter().any(|known| known == kind) {
        true => Ok(()),
        false => Err(SUPPORTED_CALENDAR_COMPONENT.error()),
    }
}

/// What is replaced must have had the same UID; and if another object has it, that one is told.
fn check_same_uid(
    ctx: &Context<'_>,
    calendar: &Collection,
    existing: &Member,
    uid: &str,
) -> Result<(), Error> {
    let value = keys::short(uid);
    let filter = [Filter::Equals(keys::UID, &value)];
    let listing = Listing {
        members: true,
        filter: &filter,
        limit: 2,
        ..Listing::default()
    };
    let page = ctx.store.children(calendar, &listing)?;
    let others = page
        .members
        .iter()
        .filter(|found| found.name != existing.name);
    let same = page.members.iter().any(|found| found.name == existing.name);
    match others.map(|other| calendar.path.join(&other.name)).next() {
        Some(other) => Err(NO_UID_CONFLICT.error_at(&[ctx.href(&other, false)])),
        None if same => Ok(()),
        None => {
            let path = calendar.path.join(&existing.name);
            Err(NO_UID_CONFLICT.error_at(&[ctx.href(&path, false)]))
        }
    }
}

/// Another object of the calendar has the UID.
fn refused(ctx: &Context<'_>, error: &CommitError) -> Option<Error> {
    match &error.refusal {
        Refusal::NotUnique { other, .. } => Some(match other {
            Some(other) => NO_UID_CONFLICT.error_at(&[ctx.href(other, false)]),
            None => NO_UID_CONFLICT.error(),
        }),
        _ => None,
    }
}

/// It is no iCalendar: which line, and why.
pub(crate) fn unreadable(error: ParseError) -> Error {
    because(&VALID_CALENDAR_DATA, &error.to_string())
}

/// It is iCalendar, but no calendar object.
fn no_object(error: Invalid) -> Error {
    let condition = match error.precondition() {
        Rule::SupportedCalendarData => &SUPPORTED_CALENDAR_DATA,
        Rule::ValidCalendarData => &VALID_CALENDAR_DATA,
        Rule::ValidCalendarObjectResource => &VALID_CALENDAR_OBJECT_RESOURCE,
        Rule::SupportedRscale => &SUPPORTED_RSCALE,
    };
    because(condition, &error.to_string())
}

/// The condition with a text for people inside of it.
fn because(condition: &Precondition, why: &str) -> Error {
    condition.error_with(|out| out.text(why))
}
