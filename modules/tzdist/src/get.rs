//! The action "get": a time zone. RFC 7808 §5.3.

use crate::format::Format;
use crate::problem::{Kind, Problem};
use crate::query;
use crate::{fresh, list};
use icalendar::tzdb::{self, Zone};
use module::query::{Parameters, percent_decode};
use module::{Headers, Response};

pub(crate) fn answer(
    path: &str,
    parameters: &Parameters,
    headers: &Headers,
) -> Result<Response, Problem> {
    let (tzid, zone) = find(path)?;
    let range = query::range(parameters)?;
    let format = Format::wanted(parameters, headers)?;
    let body = match format {
        Format::ICalendar => zone.vtimezone(tzid, range).to_icalendar().into_bytes(),
        Format::JCal => zone.vtimezone(tzid, range).to_jcal().into_bytes(),
        Format::TZif => zone.tzif(range).into_owned(),
    };
    let media_type = match format {
        Format::ICalendar => "text/calendar; charset=utf-8",
        Format::JCal | Format::TZif => format.media_type(),
    };
    let etag = list::etag(zone.name()) + format.tag();
    Ok(fresh(etag, media_type, body).header("vary", "accept"))
}

/// The zone of a path segment, whose slashes may be encoded or not, and the name that was asked
/// for, as the database or Windows spells it.
pub(crate) fn find(path: &str) -> Result<(&'static str, Zone), Problem> {
    let not_found = || {
        let list = "the action \"list\" has all names";
        Problem::new(
            Kind::TzidNotFound,
            format!("{path:?} is no time zone: {list}"),
        )
    };
    let name = percent_decode(path).ok_or_else(not_found)?;
    if let Some(zone) = Zone::iana(&name) {
        return Ok((zone.name(), zone));
    }
    let (name, zone) = tzdb::windows_zone(&name).ok_or_else(not_found)?;
    Zone::iana(zone)
        .map(|zone| (name, zone))
        .ok_or_else(not_found)
}
