//! The properties of scheduling that mean something without it. RFC 6638 §9.

use dav::store::{Batch, Operation};
use dav::{Context, Error, Live, On, Path, Read, Reading, Subject, Value, Write};
use xml::{DAV, Element, Name, Writer};

use super::BASE;
use crate::namespace::CALDAV;
use crate::precondition::VALID_SCHEDULE_DEFAULT_CALENDAR_URL;
use crate::profile::INBOX;
use crate::provision;

/// The name of whether a calendar makes busy.
pub(crate) const TRANSP: Name = Name::new(CALDAV, "schedule-calendar-transp");

/// Whether what is in a calendar makes its owner busy. RFC 6638 §9.1.
pub(crate) static SCHEDULE_CALENDAR_TRANSP: Live = Live {
    name: &TRANSP,
    uses: &[TRANSP],
    read: Read::With(|reading, out| {
        let transparent = is_transparent(reading.subject)?;
        let value = if transparent { "transparent" } else { "opaque" };
        out.empty(&Name::new(CALDAV, value));
        Ok(Value::Written)
    }),
    write: Write::Personal(|_, element| {
        let mut values = element.elements();
        match (values.next(), values.next()) {
            (Some(value), None)
                if value.is(CALDAV, "opaque") || value.is(CALDAV, "transparent") =>
            {
                Ok(())
            }
            _ => Err(Error::Conflict(
                "a calendar is opaque or transparent".to_owned(),
            )),
        }
    }),
    ..BASE
};

/// Whether a calendar, read with its `schedule-calendar-transp`, makes nobody busy.
pub(crate) fn is_transparent(subject: Subject<'_>) -> Result<bool, Error> {
    let Some(stored) = subject.find_stored(&TRANSP) else {
        return Ok(false);
    };
    let element = xml::parse(&stored.xml, &xml::Limits::default())?;
    Ok(element.find(CALDAV, "transparent").is_some())
}

/// The name of where invitations go.
pub(crate) const DEFAULT_CALENDAR_URL: Name = Name::new(CALDAV, "schedule-default-calendar-URL");

/// RFC 6638 §9.2.
pub(crate) static SCHEDULE_DEFAULT_CALENDAR_URL: Live = Live {
    name: &DEFAULT_CALENDAR_URL,
    on: On::kinds(&[INBOX]),
    read: Read::With(read_default),
    write: Write::With(write_default),
    ..BASE
};

fn read_default(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Some(inbox) = reading.subject.collection() else {
        return Ok(Value::Missing);
    };
    let home = provision::home_of(&inbox.path);
    let default = provision::default_calendar(reading.ctx, &home)?;
    match provision::is_calendar(reading.ctx, &default)? {
        true => {
            out.leaf(&Name::dav("href"), &reading.ctx.href(&default, true));
            Ok(Value::Written)
        }
        false => Ok(Value::Missing),
    }
}

fn write_default(
    ctx: &Context<'_>,
    inbox: &Path,
    element: Option<&Element>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let invalid = || VALID_SCHEDULE_DEFAULT_CALENDAR_URL.error();
    let href = element.and_then(|element| element.find(DAV, "href"));
    let href = href.ok_or_else(invalid)?.trimmed_text();
    let path = ctx.parse_href(&href)?.ok_or_else(invalid)?;
    let home = provision::home_of(inbox);
    if path.parent().as_ref() != Some(&home) || !provision::is_calendar(ctx, &path)? {
        return Err(invalid());
    }
    // Kept as this server writes it, whatever host the client knows it by.
    let value = Element::new(DEFAULT_CALENDAR_URL)
        .with_child(Element::new(Name::dav("href")).with_text(ctx.href(&path, true)));
    let mut xml = Vec::new();
    value.write_standalone(&mut xml, &[]);
    batch.push(Operation::Property {
        path: inbox.clone(),
        name: DEFAULT_CALENDAR_URL,
        xml: Some(xml),
        personal: false,
    });
    Ok(())
}
