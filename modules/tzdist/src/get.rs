//! The action "get": a time zone. RFC 7808 §5.3.

use crate::database::Database;
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
    database: &Database,
) -> Result<Response, Problem> {
    let (tzid, zone) = find(path, database)?;
    let tzid = tzid.as_str();
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
    let etag = list::etag(zone.fingerprint()) + format.tag();
    Ok(fresh(etag, media_type, body).header("vary", "accept"))
}

/// The zone of a path segment, whose slashes may be encoded or not, and the name that was asked
/// for, as the database or Windows spells it.
pub(crate) fn find(path: &str, database: &Database) -> Result<(String, Zone), Problem> {
    let not_found = || {
        let list = "the action \"list\" has all names";
        Problem::new(
            Kind::TzidNotFound,
            format!("{path:?} is no time zone: {list}"),
        )
    };
    let name = percent_decode(path).ok_or_else(not_found)?;
    if let Some(zone) = database.zone(&name) {
        return Ok((zone.name().to_owned(), zone));
    }
    let (name, zone) = tzdb::windows_zone(&name).ok_or_else(not_found)?;
    database
        .zone(zone)
        .map(|zone| (name.to_owned(), zone))
        .ok_or_else(not_found)
}
