//! When somebody is busy: the instances of what lies in calendars. RFC 4791 §7.10.

use crate::calendars;
use crate::document;
use crate::problem::Problem;
use crate::query::Question;
use icalendar::series::{Range, Series};
use icalendar::value::PeriodEnd;
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Component, Exceeded, Limits};
use module::{Mailbox, Part, Principal, Query};

/// How busy. RFC 5545 §3.2.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `BUSY`.
    Busy,
    /// `BUSY-UNAVAILABLE`.
    Unavailable,
    /// `BUSY-TENTATIVE`.
    Tentative,
}

/// A time of being busy, in UTC seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period {
    pub(crate) kind: Kind,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// How many messages are read at once.
const PAGE: u32 = 500;

/// The answer to a question, from the calendars that may be asked, as text.
///
/// One object that can't be read hides no other.
pub(crate) fn answer(
    question: &Question,
    may_ask: impl Fn(&Mailbox) -> Result<bool, module::Error>,
) -> Result<String, Problem> {
    let calendars = calendars::find(question, may_ask)?;
    let addresses = Principal::find(&question.owner).map(|owner| owner.addresses);
    let addresses = addresses.unwrap_or_default();
    let range = Range {
        start: question.start,
        end: question.end,
    };
    let mut budget = Budget::default();
    let mut periods = Vec::new();
    for calendar in calendars {
        let zone = calendars::zone(&calendar)?;
        each_object(&calendar, |body| {
            let Ok(object) = Calendar::parse(body, &Limits::default()) else {
                return Ok(());
            };
            let found = &mut periods;
            busy(&object, zone.clone(), range, &addresses, &mut budget, found)
        })?;
    }
    Ok(document::write(question, &addresses, &merge(periods)))
}

/// Calls with the body of each object of a calendar.
fn each_object(
    calendar: &Mailbox,
    mut call: impl FnMut(&[u8]) -> Result<(), Exceeded>,
) -> Result<(), Problem> {
    let mut query = Query {
        limit: PAGE,
        body: Some(Part::Body),
        ..Query::default()
    };
    loop {
        let results = calendar.search(&query)?;
        let count = u32::try_from(results.found.len()).unwrap_or(u32::MAX);
        for found in results.found {
            let body = match found.body {
                Some(body) => body,
                // It did not fit in with the others.
                None => match calendar.read(&[found.message.uid], Part::Body) {
                    Ok(bodies) => bodies.into_iter().next().unwrap_or_default(),
                    Err(module::Error::TooLarge(_)) => continue,
                    Err(error) => return Err(error.into()),
                },
            };
            call(&body).map_err(|exceeded| Problem::Exceeded(exceeded.to_string()))?;
        }
        if !results.more || count == 0 {
            return Ok(());
        }
        query.offset = query.offset.saturating_add(count);
    }
}

/// Adds the times in a range in which an object makes the one of these addresses busy.
fn busy(
    object: &Calendar<'_>,
    floating: Zone,
    range: Range,
    addresses: &[String],
    budget: &mut Budget,
    found: &mut Vec<Period>,
) -> Result<(), Exceeded> {
    let series = Series::of(object, floating);
    for instance in series.instances(range, budget)? {
        if !instance.component.is("VEVENT") {
            continue;
        }
        let Some(kind) = kind_of(instance.component, addresses) else {
            continue;
        };
        add(found, range, kind, instance.start, instance.end);
    }
    for component in object.components().filter(|c| c.is("VFREEBUSY")) {
        for property in component.properties_named("FREEBUSY") {
            let kind = match property
                .param("FBTYPE")
                .map(|kind| kind.to_ascii_uppercase())
            {
                Some(kind) if kind == "FREE" => continue,
                Some(kind) if kind == "BUSY-UNAVAILABLE" => Kind::Unavailable,
                Some(kind) if kind == "BUSY-TENTATIVE" => Kind::Tentative,
                // RFC 5545 §3.2.9: what is not known counts as BUSY.
                _ => Kind::Busy,
            };
            for period in property.periods().filter_map(Result::ok) {
                let start = series.zones().utc(&period.start);
                let end = match &period.end {
                    Some(PeriodEnd::Time(end)) => series.zones().utc(end),
                    // FREEBUSY is in UTC, where a day has 24 hours.
                    Some(PeriodEnd::Duration(length)) => {
                        start.saturating_add(length.approximate_seconds())
                    }
                    None => continue,
                };
                add(found, range, kind, start, end);
            }
        }
    }
    Ok(())
}

/// How busy an instance makes the one of these addresses; none if not at all. RFC 4791 §7.10.
fn kind_of(component: &Component<'_>, addresses: &[String]) -> Option<Kind> {
    let says = |name: &str, value: &str| {
        let text = component.text(name);
        text.is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
    };
    if says("TRANSP", "TRANSPARENT") || says("STATUS", "CANCELLED") {
        return None;
    }
    let own = component.properties_named("ATTENDEE").find(|attendee| {
        let address = attendee.value();
        let address = match address.split_at_checked(7) {
            Some((scheme, address)) if scheme.eq_ignore_ascii_case("mailto:") => address,
            _ => address,
        };
        addresses
            .iter()
            .any(|known| known.eq_ignore_ascii_case(address.trim()))
    });
    let part = own.and_then(|attendee| attendee.param("PARTSTAT"));
    match part.map(|part| part.to_ascii_uppercase()).as_deref() {
        Some("DECLINED" | "DELEGATED") => None,
        Some("TENTATIVE") => Some(Kind::Tentative),
        _ if says("STATUS", "TENTATIVE") => Some(Kind::Tentative),
        _ => Some(Kind::Busy),
    }
}

/// Adds what a time has in common with the range.
fn add(found: &mut Vec<Period>, range: Range, kind: Kind, start: i64, end: i64) {
    let (start, end) = (start.max(range.start), end.min(range.end));
    if start < end {
        found.push(Period { kind, start, end });
    }
}

/// Makes one of times of a kind that touch, in order of their starts.
fn merge(mut periods: Vec<Period>) -> Vec<Period> {
    periods.sort_unstable();
    let mut merged: Vec<Period> = Vec::new();
    for period in periods {
        match merged.last_mut() {
            Some(last) if last.kind == period.kind && period.start <= last.end => {
                last.end = last.end.max(period.end);
            }
            _ => merged.push(period),
        }
    }
    merged.sort_unstable_by_key(|period| (period.start, period.end, period.kind));
    merged
}
