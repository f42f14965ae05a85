//! Time zones by reference: objects with or without the VTIMEZONEs that everyone knows, as the client
//! wishes. RFC 7809 §3.1.3, §7.1.
//!
//! What is stored stays as it was sent; without the header that is what is given.

use std::borrow::Cow;

use dav::{Context, Response};
use icalendar::tzdb::{Range, Zone};
use icalendar::zone::{self, Zones};
use icalendar::{Calendar, Component, Item, Limits};

/// What the client wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// `T`: all zones that are referred to.
    With,
    /// `F`: no zone that the time zone service has.
    Without,
}

fn wish(ctx: &Context<'_>) -> Option<Wish> {
    match ctx.header("CalDAV-Timezones")?.trim() {
        "T" | "t" => Some(Wish::With),
        "F" | "f" => Some(Wish::Without),
        _ => None,
    }
}

/// Whether the client says how it wants zones: then the answer is not what is stored.
pub(crate) fn is_wished(ctx: &Context<'_>) -> bool {
    wish(ctx).is_some()
}

/// An object as the client wishes it.
pub(crate) fn fit<'b>(ctx: &Context<'_>, body: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
    let Some(wish) = wish(ctx) else {
        return body;
    };
    let changed = match (Calendar::parse(&body, &Limits::default()), wish) {
        (Ok(calendar), Wish::With) => with(calendar),
        (Ok(calendar), Wish::Without) => without(calendar),
        // What cannot be read is given as it is.
        (Err(_), _) => None,
    };
    match changed {
        Some(changed) => Cow::Owned(changed),
        None => body,
    }
}

fn without(mut calendar: Calendar<'_>) -> Option<Vec<u8>> {
    let known = known_to_all(&calendar);
    let removed = calendar.root_mut().retain(|item| match item {
        Item::Component(component) if component.is("VTIMEZONE") => {
            let tzid = component.text("TZID").unwrap_or_default();
            !known.iter().any(|known| known == tzid.trim())
        }
        Item::Component(_) | Item::Property(_) => true,
    });
    removed.then(|| calendar.to_bytes())
}

/// The zones of an object that are what the time zone service has by their names. A VTIMEZONE that
/// says something else holds, for the times of the object: without it, they would be others.
fn known_to_all(calendar: &Calendar<'_>) -> Vec<String> {
    let zones = Zones::new(calendar, zone::Zone::Utc);
    let mut known: Vec<String> = Vec::new();
    for component in calendar.components().filter(|found| found.is("VTIMEZONE")) {
        let tzid = component.text("TZID").unwrap_or_default();
        let tzid = tzid.trim();
        let is_iana = Zone::iana(tzid).is_some();
        let named = zone::Zone::named(tzid).filter(|_| is_iana);
        if named.is_some_and(|named| zones.agree(tzid, &named)) {
            known.push(tzid.to_owned());
        }
    }
    known
}

fn with(mut calendar: Calendar<'_>) -> Option<Vec<u8>> {
    let mut wanted: Vec<String> = Vec::new();
    referred(calendar.root(), &mut wanted);
    for zone in calendar.components().filter(|zone| zone.is("VTIMEZONE")) {
        let tzid = zone.text("TZID").unwrap_or_default();
        wanted.retain(|wanted| *wanted != tzid.trim());
    }
    let mut texts = Vec::new();
    for tzid in &wanted {
        texts.extend(Zone::find(tzid).map(|zone| zone.vtimezone(tzid, Range::ALL).to_icalendar()));
    }
    for text in &texts {
        let parsed = Calendar::parse(text.as_bytes(), &Limits::default()).ok()?;
        for zone in parsed.into_owned().components() {
            calendar.root_mut().add_component(zone.clone());
        }
    }
    (!texts.is_empty()).then(|| calendar.to_bytes())
}

/// Adds the zones that a component and all in it refer to, each once.
fn referred(component: &Component<'_>, found: &mut Vec<String>) {
    for property in component.properties() {
        let Some(tzid) = property.param("TZID") else {
            continue;
        };
        let tzid = tzid.trim();
        if !found.iter().any(|known| known == tzid) {
            found.push(tzid.to_owned());
        }
    }
    for inner in component.components() {
        referred(inner, found);
    }
}

/// The capability, where the client finds what it leaves out. RFC 7809 §3.1.1.
pub(crate) fn advertise(response: &mut module::Response) {
    let has_service = module::modules()
        .iter()
        .any(|module| module.name == "tzdist");
    if let (true, Some(dav)) = (has_service, response.headers.get("dav")) {
        let dav = format!("{dav}, calendar-no-timezone");
        response.headers.set("dav", dav);
    }
}

/// Says that an answer depends on the wish. RFC 9110 §12.5.5.
pub(crate) fn vary(response: &mut Response) {
    response.set("Vary", "Accept, CalDAV-Timezones");
}
