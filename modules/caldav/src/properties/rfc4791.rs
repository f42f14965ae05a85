//! Properties of calendars. RFC 4791 §5.2, §7.5.1.
//!
//! None of them is in `DAV:allprop`: each section says that it SHOULD NOT be.
//!
//! # Not supported
//! `max-instances` (§5.2.8) would limit what may be stored, and a rule without an end would pass any
//! limit. What a report makes of rules has a limit of its own.

use dav::property::plain_text;
use dav::{Context, Error, Live, Read, Subject, Value, Write, collation};
use xml::{Element, Name, Writer};

use super::{BASE, CALENDARS};
use crate::namespace::CALDAV;
use crate::options;
use crate::precondition::SUPPORTED_CALENDAR_COMPONENT;
use crate::profile::HOME;

/// The types of components that calendars can take.
pub(crate) const COMPONENTS: [&str; 5] =
    ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"];

/// The most attendees of a component.
pub(crate) const ATTENDEES_MAX: usize = 2000;

/// RFC 4791 §5.2.1.
pub(crate) static CALENDAR_DESCRIPTION: Live = Live {
    name: &Name::new(CALDAV, "calendar-description"),
    write: Write::Personal(plain_text),
    ..BASE
};

/// The name of what a calendar takes.
pub(crate) const COMPONENT_SET_NAME: Name = Name::new(CALDAV, "supported-calendar-component-set");

/// RFC 4791 §5.2.3.
pub(crate) static SUPPORTED_CALENDAR_COMPONENT_SET: Live = Live {
    name: &COMPONENT_SET_NAME,
    on: dav::On::kinds(CALENDARS),
    uses: &[COMPONENT_SET_NAME],
    read: Read::With(|reading, out| {
        write_components(out, &supported_components(reading.subject)?);
        Ok(Value::Written)
    }),
    write: Write::AtCreation(check_components),
    ..BASE
};

/// Which sets a new calendar can have: any. Clients that find none of it make calendars for events
/// and for tasks apart.
pub(crate) static SUPPORTED_CALENDAR_COMPONENT_SETS: Live = Live {
    name: &Name::new(CALDAV, "supported-calendar-component-sets"),
    on: dav::On::kinds(&[HOME]),
    read: Read::With(|_, out| {
        out.start(&COMPONENT_SET_NAME);
        write_components(out, &COMPONENTS.map(str::to_owned));
        out.end(&COMPONENT_SET_NAME);
        Ok(Value::Written)
    }),
    ..BASE
};

fn write_components(out: &mut Writer, components: &[String]) {
    let comp = Name::new(CALDAV, "comp");
    for component in components {
        out.start(&comp);
        out.attribute("name", component);
        out.end(&comp);
    }
}

/// The types of components that a calendar takes. It was read with its
/// `supported-calendar-component-set`.
pub(crate) fn supported_components(subject: Subject<'_>) -> Result<Vec<String>, Error> {
    match subject.find_stored(&COMPONENT_SET_NAME) {
        Some(stored) => {
            let element = xml::parse(&stored.xml, &xml::Limits::default())?;
            Ok(components_in(&element))
        }
        None => Ok(options::component_set()),
    }
}

fn components_in(element: &Element) -> Vec<String> {
    let named = element
        .find_all(CALDAV, "comp")
        .filter_map(|comp| comp.attribute("name"));
    named.map(str::to_ascii_uppercase).collect()
}

fn check_components(_: &Context<'_>, element: &Element) -> Result<(), Error> {
    let components = components_in(element);
    let known = |component: &String| COMPONENTS.contains(&component.as_str());
    match !components.is_empty() && components.iter().all(known) {
        true => Ok(()),
        false => Err(SUPPORTED_CALENDAR_COMPONENT.error()),
    }
}

/// RFC 4791 §5.2.4, and RFC 7265 for the second.
pub(crate) static SUPPORTED_CALENDAR_DATA: Live = Live {
    name: &Name::new(CALDAV, "supported-calendar-data"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        let element = Name::new(CALDAV, "calendar-data");
        for media_type in ["text/calendar", "application/calendar+json"] {
            out.start(&element);
            out.attribute("content-type", media_type);
            out.attribute("version", "2.0");
            out.end(&element);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4791 §5.2.5.
pub(crate) static MAX_RESOURCE_SIZE: Live = Live {
    name: &Name::new(CALDAV, "max-resource-size"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        out.number(options::len_max());
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4791 §5.2.6.
pub(crate) static MIN_DATE_TIME: Live = Live {
    name: &Name::new(CALDAV, "min-date-time"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        out.text(&format!("{}Z", options::min_date_time()));
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4791 §5.2.7.
pub(crate) static MAX_DATE_TIME: Live = Live {
    name: &Name::new(CALDAV, "max-date-time"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        out.text(&format!("{}Z", options::max_date_time()));
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4791 §5.2.9.
pub(crate) static MAX_ATTENDEES_PER_INSTANCE: Live = Live {
    name: &Name::new(CALDAV, "max-attendees-per-instance"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        out.number(ATTENDEES_MAX as u64);
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4791 §7.5.1.
pub(crate) static SUPPORTED_COLLATION_SET: Live = Live {
    name: &Name::new(CALDAV, "supported-collation-set"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        collation::write_supported(out, &Name::new(CALDAV, "supported-collation"));
        Ok(Value::Written)
    }),
    ..BASE
};

/// The calendars that recurrences can count in. RFC 7529 §5.1.
pub(crate) static SUPPORTED_RSCALE_SET: Live = Live {
    name: &Name::new(CALDAV, "supported-rscale-set"),
    on: dav::On::kinds(CALENDARS),
    read: Read::With(|_, out| {
        for scale in icalendar::recurrence::scales() {
            out.leaf(&Name::new(CALDAV, "supported-rscale"), scale);
        }
        Ok(Value::Written)
    }),
    ..BASE
};
