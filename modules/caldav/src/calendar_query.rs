//! `CALDAV:calendar-query`: the calendar objects that a filter means. RFC 4791 §7.8.

use dav::body::plan::Plan;
use dav::body::propfind::{PropRequest, parse_children};
use dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use dav::report::query::{self, Query};
use dav::{Collection, Context, Error, Member, Resource, Response};
use icalendar::Calendar;
use xml::Element;

use crate::filter::Filter;
use crate::floating;
use crate::namespace::CALDAV;
use crate::precondition::{MAX_INSTANCES, MAX_RECURRENCE_WORK, VALID_FILTER};
use crate::profile::HOME;
use crate::properties::CALENDARS;
use crate::{personal, privacy};

/// Never a silently short answer: too many objects, or instances of them, are none.
const FATAL: &[dav::Precondition] = &[
    MAX_INSTANCES,
    MAX_RECURRENCE_WORK,
    NUMBER_OF_MATCHES_WITHIN_LIMITS,
];

/// How far from now keys are made to reach, in seconds: farther, objects are looked at each time.
const HORIZON: i64 = 100 * 366 * 86_400;

/// Answers the report.
pub(crate) fn run(
    ctx: &Context<'_>,
    resource: &Resource,
    root: &Element,
) -> Result<Response, Error> {
    let filter = root.find(CALDAV, "filter");
    let filter = Filter::parse(filter.ok_or_else(|| VALID_FILTER.error())?)?;
    let request = parse_children(root)?.unwrap_or(PropRequest::Prop(Vec::new()));
    ctx.check_items("properties", request.len())?;
    floating::prepare(ctx, root)?;
    let plan = Plan::new(ctx, &request);
    let notes = floating::notes(ctx);
    let test = |calendar: &Collection, member: &Member| {
        let zone = notes.zone(ctx, calendar)?;
        let body = member.body.as_deref().unwrap_or_default();
        let body = personal::view(ctx, calendar, member, body);
        // What others stored and cannot be read is nothing that a filter could mean.
        let Ok(object) = Calendar::parse_stored(&body) else {
            return Ok(false);
        };
        filter.holds(&object, &zone, &mut notes.budget.borrow_mut())
    };
    let narrowed = filter.narrow(is_owners(ctx, resource));
    let times = narrowed.times();
    let query = Query {
        kinds: CALENDARS,
        searches: &narrowed.searches(&times, ctx.store.now().0 + HORIZON),
        test: Some(&test),
        limit: None,
        fatal: FATAL,
    };
    query::run(ctx, resource, &plan, &query)
}

/// Whether all that a query is about is the asking principal's: in a home there may be calendars of
/// others.
fn is_owners(ctx: &Context<'_>, resource: &Resource) -> bool {
    let calendar = resource.collection().filter(|found| found.kind != HOME);
    calendar.is_some_and(|calendar| privacy::sees_all(ctx, calendar))
}
