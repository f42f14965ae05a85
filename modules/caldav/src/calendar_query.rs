//! `CALDAV:calendar-query`: the calendar objects that a filter means. RFC 4791 §7.8.

use dav::body::plan::Plan;
use dav::body::propfind::{PropRequest, parse_children};
use dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use dav::report::query::{self, Query};
use dav::{Collection, Context, Error, Resource, Response};
use icalendar::Calendar;
use xml::Element;

use crate::filter::Filter;
use crate::floating;
use crate::namespace::CALDAV;
use crate::precondition::{MAX_INSTANCES, VALID_FILTER};
use crate::privacy;
use crate::properties::CALENDARS;

/// Never a silently short answer: too many objects, or instances of them, are none.
const FATAL: &[dav::Precondition] = &[MAX_INSTANCES, NUMBER_OF_MATCHES_WITHIN_LIMITS];

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
    let test = |calendar: &Collection, body: &[u8]| {
        let zone = notes.zone(ctx, calendar)?;
        let body = privacy::visible(ctx, calendar, body);
        // What others stored and cannot be read is nothing that a filter could mean.
        let Ok(object) = Calendar::parse_stored(&body) else {
            return Ok(false);
        };
        filter.holds(&object, &zone, &mut notes.budget.borrow_mut())
    };
    let searches = filter.searches();
    let query = Query {
        kinds: CALENDARS,
        searches: &searches,
        // A series may be known up to a time that is in the range, and may go on.
        disjoint: searches.len() == 1,
        test: Some(&test),
        limit: None,
        fatal: FATAL,
    };
    query::run(ctx, resource, &plan, &query)
}
