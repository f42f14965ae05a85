//! `CALDAV:calendar-data`: what of an object a report returns. RFC 4791 §9.6.

use dav::{Error, Fields, Live, On, Read, Reading, Subject, Value, Write};
use xml::{Name, Writer};

use crate::namespace::CALDAV;
use crate::privacy;
use crate::properties::{BASE, CALENDARS};

/// "Not a WebDAV property and, as such, not returned in PROPFIND": reports alone have it.
pub(crate) static CALENDAR_DATA: Live = Live {
    name: &Name::new(CALDAV, "calendar-data"),
    on: On::members_of(CALENDARS),
    fields: Fields::BODY,
    read: Read::With(read),
    write: Write::Protected,
    ..BASE
};

fn read(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Member(calendar, member) = reading.subject else {
        return Ok(Value::Missing);
    };
    if reading.ctx.method != "REPORT" {
        return Ok(Value::Missing);
    }
    let body = member.body.as_deref().unwrap_or_default();
    let body = privacy::visible(reading.ctx, calendar, body);
    out.text(&String::from_utf8_lossy(&body));
    Ok(Value::Written)
}
