//! Where the clocks are that times without a time zone are read from: what the request says, else
//! what the calendar says, else UTC. RFC 4791 §5.2.2, §9.8; RFC 7809 §5.2, §5.3.
//!
//! Found out once a request, together with how much work its recurrences may still take.

use std::cell::RefCell;
use std::rc::Rc;

use dav::property::Subject;
use dav::{Collection, Context, Error, Fields, Path, Resource, Stored, Want};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Exceeded, Limit, Limits};
use xml::Element;

use crate::calendar_data::DataRequest;
use crate::namespace::CALDAV;
use crate::options;
use crate::precondition::{
    MAX_INSTANCES, MAX_RECURRENCE_WORK, VALID_CALENDAR_DATA, VALID_TIMEZONE,
};
use crate::properties::rfc7809::{TIMEZONE, TIMEZONE_ID, zone_of};

/// What a request knows of time.
pub(crate) struct Notes {
    /// The zone that the request itself names.
    told: Option<Zone>,
    /// The zones of calendars.
    calendars: RefCell<Vec<(Path, Zone)>>,
    /// What the report asks of objects.
    pub data: Option<Rc<DataRequest>>,
    /// What recurrences may still cost.
    pub budget: RefCell<Budget>,
}

/// Reads what a report says of time zones, and what it asks of objects.
///
/// Fails with `CALDAV:valid-calendar-data` if its `timezone` is no iCalendar with a VTIMEZONE, and
/// with `CALDAV:valid-timezone` if its `timezone-id` is not known.
pub(crate) fn prepare(ctx: &Context<'_>, root: &Element) -> Result<(), Error> {
    let told = match (
        root.find(CALDAV, "timezone"),
        root.find(CALDAV, "timezone-id"),
    ) {
        (Some(timezone), _) => Some(parse_zone(&timezone.text())?),
        (None, Some(id)) => {
            let id = id.trimmed_text();
            Some(Zone::named(&id).ok_or_else(|| VALID_TIMEZONE.error())?)
        }
        (None, None) => None,
    };
    let mut notes = Notes::new(told);
    notes.data = DataRequest::find(root)?.map(Rc::new);
    *ctx.notes.borrow_mut() = Some(Rc::new(notes));
    Ok(())
}

/// The zone that an iCalendar stream with one VTIMEZONE is. RFC 4791 §5.2.2.
pub(crate) fn parse_zone(text: &str) -> Result<Zone, Error> {
    let invalid = || VALID_CALENDAR_DATA.error();
    let calendar = Calendar::parse(text.trim().as_bytes(), &Limits::default());
    let calendar = calendar.map_err(|_| invalid())?;
    let mut components = calendar.components();
    match (components.next(), components.next()) {
        (Some(zone), None) => Zone::of_component(zone).ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

/// What this request knows.
pub(crate) fn notes(ctx: &Context<'_>) -> Rc<Notes> {
    let known = ctx.notes.borrow().clone();
    if let Some(notes) = known.and_then(|known| known.downcast::<Notes>().ok()) {
        return notes;
    }
    let notes = Rc::new(Notes::new(None));
    *ctx.notes.borrow_mut() = Some(notes.clone());
    notes
}

impl Notes {
    fn new(told: Option<Zone>) -> Self {
        Self {
            told,
            calendars: RefCell::default(),
            data: None,
            budget: RefCell::new(options::budget()),
        }
    }

    /// The zone for what is in a calendar.
    pub(crate) fn zone(&self, ctx: &Context<'_>, calendar: &Collection) -> Result<Zone, Error> {
        if let Some(told) = &self.told {
            return Ok(told.clone());
        }
        let known = |calendars: &[(Path, Zone)]| {
            // A query asks for each object: the calendar is nearly always the last one.
            let mut latest = calendars.iter().rev();
            let found = latest.find(|(path, _)| *path == calendar.path);
            found.map(|(_, zone)| zone.clone())
        };
        if let Some(zone) = known(&self.calendars.borrow()) {
            return Ok(zone);
        }
        let names = [TIMEZONE, TIMEZONE_ID];
        let want = Want {
            fields: Fields::NONE,
            stored: Stored::Names(&names),
        };
        let zone = match ctx.store.find(&calendar.path, &want)? {
            Some(Resource::Collection(found)) => zone_of(Subject::Collection(&found))?,
            _ => None,
        };
        let zone = zone.unwrap_or(Zone::Utc);
        self.calendars
            .borrow_mut()
            .push((calendar.path.clone(), zone.clone()));
        Ok(zone)
    }
}

/// What it means to a client that recurrences need more than a request may have: which bound it is,
/// and how far it goes.
pub(crate) fn exceeded(exceeded: Exceeded) -> Error {
    let condition = match exceeded.limit {
        Limit::Instances => &MAX_INSTANCES,
        Limit::Work => &MAX_RECURRENCE_WORK,
    };
    condition.error_with(|out| out.text(&exceeded.allowed.to_string()))
}
