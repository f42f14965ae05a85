//! POST of many components to a calendar, as iCalendar or jCal: each UID becomes a calendar object of
//! its own, with the time zones that it needs. Apple's "bulk change" draft, §3.

use std::collections::HashMap;

use dav::method::import::{self, Elements, Part};
use dav::{Context, Error, Resource, Response};
use icalendar::{Calendar, Component, Limits};
use xml::Name;

use crate::media_type::{Form, ICALENDAR};
use crate::namespace::{CALDAV, CALENDARSERVER};
use crate::object_rules;
use crate::precondition::SUPPORTED_CALENDAR_DATA;

/// The longest body of an import in bytes.
const IMPORT_LEN_MAX: u64 = 25 << 20;

/// Answers POST to a calendar.
pub(crate) fn post(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(calendar) = resource else {
        return Ok(None);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let form = Form::named(&content_type).ok_or_else(|| SUPPORTED_CALENDAR_DATA.error())?;
    let body = ctx.read_body(IMPORT_LEN_MAX)?;
    let limits = Limits {
        bytes: IMPORT_LEN_MAX as usize,
        components: 200_000,
        properties: 2_000_000,
        ..Limits::default()
    };
    let body = match form {
        Form::ICalendar => body,
        Form::JCal => object_rules::from_jcal(&body, &limits)?,
    };
    let calendars = Calendar::parse_many(&body, &limits).map_err(object_rules::unreadable)?;
    let mut parts = Vec::new();
    for calendar in &calendars {
        split(calendar, &mut parts);
    }
    let elements = Elements {
        uid: Name::new(CALENDARSERVER, "uid"),
        data: Name::new(CALDAV, "calendar-data"),
    };
    import::run(ctx, calendar, parts, ICALENDAR, &elements).map(Some)
}

/// Adds a part for each UID of a stream, in the order in which they come.
fn split(calendar: &Calendar<'_>, parts: &mut Vec<Part>) {
    let zones: Vec<(String, &Component<'_>)> = calendar
        .components()
        .filter(|component| component.is("VTIMEZONE"))
        .map(|zone| (zone.text("TZID").unwrap_or_default().into_owned(), zone))
        .collect();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(String, Vec<&Component<'_>>)> = Vec::new();
    for component in calendar.calendar_components() {
        let uid = component.text("UID").unwrap_or_default().into_owned();
        // Without a UID nothing belongs together.
        let place = match uid.is_empty() {
            true => groups.len(),
            false => *places.entry(uid.clone()).or_insert(groups.len()),
        };
        match groups.get_mut(place) {
            Some((_, components)) => components.push(component),
            None => groups.push((uid, vec![component])),
        }
    }
    for (uid, components) in groups {
        let body = assemble(calendar, &zones, &components);
        parts.push(Part { uid, body });
    }
}

/// A stream of its own for some components: with the properties of the one they come from, but
/// METHOD, which stored objects must not have (RFC 4791 §4.1), and the time zones they refer to.
fn assemble(
    calendar: &Calendar<'_>,
    zones: &[(String, &Component<'_>)],
    components: &[&Component<'_>],
) -> Vec<u8> {
    let mut part = Calendar::new(crate::export::PRODUCT);
    let root = part.root_mut();
    for name in ["VERSION", "PRODID", "CALSCALE"] {
        if let Some(property) = calendar.root().property(name) {
            root.set(property.clone());
        }
    }
    for (tzid, zone) in zones {
        if components.iter().any(|component| refers(component, tzid)) {
            root.add_component((*zone).clone());
        }
    }
    for component in components {
        root.add_component((*component).clone());
    }
    part.to_bytes()
}

/// Whether a component or one inside of it refers to a time zone.
fn refers(component: &Component<'_>, tzid: &str) -> bool {
    let properties = || {
        component
            .properties()
            .flat_map(|property| property.params())
    };
    properties().any(|param| param.is("TZID") && param.values().any(|value| value.trim() == tzid))
        || component.components().any(|inner| refers(inner, tzid))
}
