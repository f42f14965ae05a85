//! `CALDAV:free-busy-query`: when somebody is busy, and nothing of why. RFC 4791 §7.10, RFC 7953 §5.

use dav::header::depth::{self, Depth};
use dav::property::Subject;
use dav::request::Status;
use dav::store::{Filter, Listing, PrincipalKey};
use dav::{Collection, Context, Error, Fields, Resource, Response, Rights, Stored, Want};
use icalendar::Calendar;
use icalendar::busy::{Answer, Busy};
use icalendar::keys::{DISTANT, Names};
use icalendar::series::Range;
use xml::{Element, Name};

use crate::export::PRODUCT;
use crate::free_busy_question::Asked;
use crate::namespace::CALDAV;
use crate::profile::{CALENDAR, HOME, INBOX, LEAD};
use crate::properties::rfc7953::AVAILABILITY;
use crate::properties::scheduling::{TRANSP, is_transparent};
use crate::{floating, free_busy_question, media_type, provision, time_range};

/// How far an answer reaches where the request is open: it says so itself.
const OPEN_S: i64 = 366 * 86_400;

/// How many objects to ask the host for at a time.
const PAGE: usize = 2000;

/// Answers the report.
///
/// Deviation: without a Depth header it is as with Depth: 1, and not 0, by which a calendar would
/// always be free. python-caldav sends none.
pub(crate) fn run(
    ctx: &Context<'_>,
    resource: &Resource,
    root: &Element,
) -> Result<Response, Error> {
    let Resource::Collection(collection) = resource else {
        // "An attempt to run the report on a calendar object resource MUST fail and return a 403".
        return Err(Error::Forbidden("an object has no free time".to_owned()));
    };
    let is_lead = collection.kind == LEAD;
    if is_lead && collection.path.parts().len() != 2 {
        return Err(dav::error::SUPPORTED_REPORT.error());
    }
    if is_lead || !collection.rights.has(Rights::READ) {
        return free_busy_question::ask(ctx, root);
    }
    // Who may look into the home of somebody else may ask about more than they may read there.
    if collection.kind == HOME && !is_own(ctx, collection) {
        match free_busy_question::put(ctx, root)? {
            Asked::Answered(response) => return Ok(response),
            // Without the times that only the owner's instance knows, it would look as if they were
            // free.
            Asked::Unanswered => return Err(Error::Busy),
            // There are none but those that they may read.
            Asked::Refused => {}
        }
    }
    let depth = depth::parse(ctx)?.unwrap_or(Depth::One);
    let range = range_of(root)?;
    floating::prepare(ctx, root)?;
    let mut query = Query {
        ctx,
        range,
        busy: Busy::new(range),
        addresses: addresses(ctx, collection)?,
        left: ctx.profile.limits.resources_max,
    };
    match (depth, collection.kind.as_str()) {
        (Depth::Zero, _) => {}
        (_, HOME) => query.home(collection)?,
        _ => query.calendar(collection)?,
    }
    let object_uid = ctx.uuid();
    let answer = query.busy.to_calendar(&Answer {
        product: PRODUCT,
        stamp: ctx.store.now().0,
        object_uid: Some(&object_uid),
        ..Answer::default()
    });
    let mut response = Response::new(Status::OK);
    media_type::set_calendar(ctx, &mut response, &answer)?;
    Ok(response)
}

fn is_own(ctx: &Context<'_>, home: &Collection) -> bool {
    ctx.user_id().is_some() && home.path.name() == ctx.user_id()
}

/// The range that a report is for, cut off where it is open.
pub(crate) fn range_of(root: &Element) -> Result<Range, Error> {
    let mut ranges = root.find_all(CALDAV, "time-range");
    let range = match (ranges.next(), ranges.next()) {
        (Some(range), None) => time_range::parse(range),
        _ => None,
    };
    let range = range
        .ok_or_else(|| Error::BadRequest("the report has one time-range in UTC".to_owned()))?;
    Ok(match (range.start, range.end) {
        (i64::MIN, end) => Range {
            start: end.saturating_sub(OPEN_S),
            end,
        },
        (start, i64::MAX) => Range {
            start,
            end: start.saturating_add(OPEN_S),
        },
        _ => range,
    })
}

/// The addresses of whose time it is, by which they are among attendees.
fn addresses(ctx: &Context<'_>, collection: &Collection) -> Result<Vec<String>, Error> {
    let owner = match &collection.owner {
        Some(owner) => Some(owner.clone()),
        None => {
            let want = Want {
                fields: Fields::OWNER,
                ..Want::default()
            };
            let found = ctx.find(&collection.path, &want)?;
            found.and_then(|found| found.collection()?.owner.clone())
        }
    };
    let principal = match owner {
        Some(owner) => ctx.store.principal(PrincipalKey::Id(&owner))?,
        None => None,
    };
    Ok(principal
        .map(|found| found.alternate_uris)
        .unwrap_or_default())
}

struct Query<'q, 'c> {
    ctx: &'q Context<'c>,
    range: Range,
    busy: Busy,
    addresses: Vec<String>,
    /// How many objects may still be looked at.
    left: usize,
}

impl Query<'_, '_> {
    /// What is in all calendars of a home but those that make nobody busy, and what its owner says
    /// of when they are available at all.
    fn home(&mut self, home: &Collection) -> Result<(), Error> {
        let names: [Name; 2] = [TRANSP, AVAILABILITY];
        let want = Want {
            fields: Fields::NONE,
            stored: Stored::Names(&names),
        };
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want,
                collections: true,
                after: after.as_deref(),
                limit: self.ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = self.ctx.store.children(home, &listing)?;
            for found in &page.collections {
                // What others share is not one's own time.
                let own = provision::home_of(&found.path) == home.path && found.owner == home.owner;
                let asked =
                    found.kind != CALENDAR || free_busy_question::is_asked(self.ctx, &found.path);
                if !own || !asked || !found.rights.has(Rights::READ) {
                    continue;
                }
                let subject = Subject::Collection(found);
                match found.kind.as_str() {
                    CALENDAR if !is_transparent(subject)? => self.calendar(found)?,
                    INBOX => self.availability(found)?,
                    _ => {}
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn availability(&mut self, inbox: &Collection) -> Result<(), Error> {
        let Some(stored) = Subject::Collection(inbox).find_stored(&AVAILABILITY) else {
            return Ok(());
        };
        let element = xml::parse(&stored.xml, &xml::Limits::default())?;
        self.add(inbox, element.text().trim().as_bytes())
    }

    fn calendar(&mut self, calendar: &Collection) -> Result<(), Error> {
        let (first, last) = (DISTANT.0 - 1, DISTANT.1 + 1);
        let (start, end) = (
            self.range.start.clamp(first, last),
            self.range.end.clamp(first, last),
        );
        let times = Names::BUSY.map(|name| Filter::Overlaps(name, start, end));
        let filter = [Filter::Any(&times)];
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: Want {
                    fields: Fields::BODY,
                    stored: Stored::None,
                },
                members: true,
                filter: &filter,
                after: after.as_deref(),
                limit: PAGE,
                ..Listing::default()
            };
            let page = self.ctx.store.children(calendar, &listing)?;
            for member in &page.members {
                self.left = self
                    .left
                    .checked_sub(1)
                    .ok_or_else(|| dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS.error())?;
                self.add(calendar, member.body.as_deref().unwrap_or_default())?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn add(&mut self, calendar: &Collection, body: &[u8]) -> Result<(), Error> {
        // What cannot be read takes nobody's time.
        let Ok(parsed) = Calendar::parse_busy(body) else {
            return Ok(());
        };
        let notes = floating::notes(self.ctx);
        let zone = notes.zone(self.ctx, calendar)?;
        let addresses: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let mut budget = notes.budget.borrow_mut();
        self.busy
            .add(&parsed, &zone, &addresses, &mut budget)
            .map_err(floating::exceeded)
    }
}
