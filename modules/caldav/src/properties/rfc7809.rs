//! The time zone of a calendar, as a VTIMEZONE and as a name: RFC 4791 §5.2.2, RFC 7809 §5.1, §5.2.
//!
//! One of the two is stored, whichever was set last; the other one is made of it.

use dav::store::{Batch, Operation};
use dav::{Error, Live, On, Path, Read, Subject, Value, Write};
use icalendar::zone::Zone;
use icalendar::{Calendar, Limits, tzdb};
use xml::{Element, Name};

use super::{BASE, CALENDARS};
use crate::floating::parse_zone;
use crate::namespace::CALDAV;
use crate::precondition::VALID_TIMEZONE;
use crate::profile::HOME;

/// The name of the zone as a VTIMEZONE.
pub(crate) const TIMEZONE: Name = Name::new(CALDAV, "calendar-timezone");

/// The name of the zone's name.
pub(crate) const TIMEZONE_ID: Name = Name::new(CALDAV, "calendar-timezone-id");

/// RFC 4791 §5.2.2.
pub(crate) static CALENDAR_TIMEZONE: Live = Live {
    name: &TIMEZONE,
    on: On::kinds(CALENDARS),
    uses: &[TIMEZONE, TIMEZONE_ID],
    read: Read::With(|reading, out| {
        let value = match text(reading.subject, &TIMEZONE)? {
            Some(stored) => Some(stored),
            None => text(reading.subject, &TIMEZONE_ID)?.and_then(|id| {
                let zone = tzdb::Zone::find(&id)?;
                Some(zone.vtimezone(&id, tzdb::Range::ALL).to_icalendar())
            }),
        };
        match value {
            Some(value) => {
                out.text(&value);
                Ok(Value::Written)
            }
            None => Ok(Value::Missing),
        }
    }),
    write: Write::With(|_, path, element, batch| {
        let value = element.map(Element::text);
        if let Some(value) = &value {
            parse_zone(value)?;
        }
        replace(path, &TIMEZONE, value, &TIMEZONE_ID, batch);
        Ok(())
    }),
    ..BASE
};

/// RFC 7809 §5.2.
pub(crate) static CALENDAR_TIMEZONE_ID: Live = Live {
    name: &TIMEZONE_ID,
    on: On::kinds(CALENDARS),
    uses: &[TIMEZONE, TIMEZONE_ID],
    read: Read::With(|reading, out| match id(reading.subject)? {
        Some(id) => {
            out.text(&id);
            Ok(Value::Written)
        }
        None => Ok(Value::Missing),
    }),
    write: Write::With(|_, path, element, batch| {
        let value = element.map(Element::trimmed_text);
        if let Some(value) = &value {
            Zone::named(value).ok_or_else(|| VALID_TIMEZONE.error())?;
        }
        replace(path, &TIMEZONE_ID, value, &TIMEZONE, batch);
        Ok(())
    }),
    ..BASE
};

/// Where clients find the time zones that we know. RFC 7809 §5.1.
pub(crate) static TIMEZONE_SERVICE_SET: Live = Live {
    name: &Name::new(CALDAV, "timezone-service-set"),
    on: On::kinds(&[crate::profile::CALENDAR, HOME]),
    read: Read::With(|_, out| {
        let modules = module::modules();
        let service = modules.iter().find(|module| module.name == "tzdist");
        match service.and_then(|service| service.mounts.first()) {
            Some(mount) => {
                out.leaf(&Name::dav("href"), &mount.path);
                Ok(Value::Written)
            }
            None => Ok(Value::Missing),
        }
    }),
    ..BASE
};

/// The zone of a calendar that was read with both properties; none if it has none.
pub(crate) fn zone_of(calendar: Subject<'_>) -> Result<Option<Zone>, Error> {
    if let Some(stored) = text(calendar, &TIMEZONE)? {
        return Ok(parse_zone(&stored).ok());
    }
    let id = text(calendar, &TIMEZONE_ID)?;
    Ok(id.and_then(|id| Zone::named(&id)))
}

/// The name of the zone: what was stored, or what its VTIMEZONE says, if that is known.
fn id(calendar: Subject<'_>) -> Result<Option<String>, Error> {
    if let Some(id) = text(calendar, &TIMEZONE_ID)? {
        return Ok(Some(id));
    }
    let Some(stored) = text(calendar, &TIMEZONE)? else {
        return Ok(None);
    };
    let Ok(parsed) = Calendar::parse(stored.trim().as_bytes(), &Limits::default()) else {
        return Ok(None);
    };
    let zone = parsed.components().next();
    let id = zone.and_then(|zone| zone.text("TZID"));
    let known = id.filter(|id| Zone::named(id).is_some());
    Ok(known.map(|id| id.into_owned()))
}

fn text(calendar: Subject<'_>, name: &Name) -> Result<Option<String>, Error> {
    match calendar.find_stored(name) {
        Some(stored) => {
            let element = xml::parse(&stored.xml, &xml::Limits::default())?;
            Ok(Some(element.text()))
        }
        None => Ok(None),
    }
}

/// Stores one of the two and removes the other.
fn replace(path: &Path, name: &Name, value: Option<String>, other: &Name, batch: &mut Batch) {
    let xml = value.map(|value| {
        let mut bytes = Vec::new();
        Element::new(name.clone())
            .with_text(value)
            .write_standalone(&mut bytes, &[]);
        bytes
    });
    for (name, xml) in [(name, xml), (other, None)] {
        batch.push(Operation::Property {
            path: path.clone(),
            name: name.clone(),
            xml,
            personal: false,
        });
    }
}
