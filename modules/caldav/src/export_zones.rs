//! The time zones of many objects in one stream, where each TZID means one zone. RFC 5545 §3.6.5.
//!
//! Clients give the same name to zones of their own that are not the same, or a name of IANA's. Each
//! object keeps its times: where the name means something else in the stream already, the object's zone
//! goes by another one there.

use std::collections::{HashMap, HashSet};

use icalendar::tzdb;
use icalendar::zone::{Zone, Zones};
use icalendar::{Calendar, Component, Limits, Property};

/// With how many zones of the same name one is compared for what its clocks show.
const COMPARED_MAX: usize = 8;

/// The time zones that are in a stream already.
#[derive(Default)]
pub(crate) struct ExportZones {
    /// By the names that objects have for them.
    known: HashMap<String, Vec<Variant>>,
    /// The names that they have in the stream.
    taken: HashSet<String>,
}

/// A zone in the stream.
struct Variant {
    /// Its name there.
    name: String,
    /// What an object had that brought it: nothing for one that objects only refer to.
    bytes: Vec<u8>,
    /// The zone; none if nobody knows which.
    zone: Option<Zone>,
}

impl ExportZones {
    /// Adds the components of an object to a stream, byte by byte, and those of its time zones that
    /// are not there yet.
    pub(crate) fn add(&mut self, mut calendar: Calendar<'_>, out: &mut Vec<u8>) {
        let renamed = self.add_zones(&calendar, out);
        if !renamed.is_empty() {
            for component in calendar.root_mut().components_mut() {
                if !component.is("VTIMEZONE") {
                    rename(component, &renamed);
                }
            }
        }
        for component in calendar.calendar_components() {
            write(&component.to_bytes(), out);
        }
    }

    /// Adds the zones of an object, and gives the names that are others in the stream.
    fn add_zones(&mut self, calendar: &Calendar<'_>, out: &mut Vec<u8>) -> Vec<(String, String)> {
        let zones = Zones::new(calendar, Zone::Utc);
        let mut names: Vec<(String, String)> = Vec::new();
        for component in calendar.components().filter(|found| found.is("VTIMEZONE")) {
            let tzid = component.text("TZID").unwrap_or_default();
            let tzid = tzid.trim();
            if names.iter().all(|(known, _)| known != tzid) {
                let name = self.place(&zones, tzid, Some(component), out);
                names.push((tzid.to_owned(), name));
            }
        }
        // RFC 7809: those that everyone knows may be left out, but in the stream another object may
        // mean something else by the name.
        let mut referred = Vec::new();
        for component in calendar.calendar_components() {
            refer(component, &names, &mut referred);
        }
        for tzid in referred {
            if zones.is_known(&tzid) {
                let name = self.place(&zones, &tzid, None, out);
                names.push((tzid, name));
            }
        }
        names.retain(|(tzid, name)| tzid != name);
        names
    }

    /// The name in the stream of an object's zone, which is added if it is not there.
    fn place(
        &mut self,
        zones: &Zones<'_>,
        tzid: &str,
        component: Option<&Component<'_>>,
        out: &mut Vec<u8>,
    ) -> String {
        let bytes = component.map(Component::to_bytes).unwrap_or_default();
        let variants = self.known.entry(tzid.to_owned()).or_default();
        // Most have it from the same client.
        if let Some(alike) = variants.iter().find(|variant| variant.bytes == bytes) {
            return alike.name.clone();
        }
        let zone = zones.is_known(tzid).then(|| zones.find(tzid));
        let found = {
            let mut compared = variants.iter().take(COMPARED_MAX).peekable();
            let used = compared.peek().and_then(|_| zones.used(tzid));
            compared.find(|variant| match (&variant.zone, &zone, used) {
                (Some(there), Some(zone), Some((from, to))) => zone.agrees(there, from, to),
                (_, _, None) | (None, None, _) => true,
                (Some(_), None, _) | (None, Some(_), _) => false,
            })
        };
        if let Some(found) = found {
            return found.name.clone();
        }
        let mut name = tzid.to_owned();
        let mut number = variants.len().max(1);
        while self.taken.contains(&name) || (name != tzid && Zone::named(&name).is_some()) {
            number += 1;
            name = format!("{tzid} {number}");
        }
        match component {
            Some(_) if name == tzid => write(&bytes, out),
            Some(component) => {
                let mut renamed = component.clone();
                renamed.set(Property::text_valued("TZID", &name));
                write(&renamed.to_bytes(), out);
            }
            None => write_iana(tzid, &name, out),
        }
        self.taken.insert(name.clone());
        variants.push(Variant {
            name: name.clone(),
            bytes,
            zone,
        });
        name
    }
}

/// Adds a zone of the IANA database under a name.
fn write_iana(tzid: &str, name: &str, out: &mut Vec<u8>) {
    // Everything else that is known by its name alone is UTC.
    let Some(zone) = tzdb::Zone::find(tzid).or_else(|| tzdb::Zone::find("UTC")) else {
        return;
    };
    let text = zone.vtimezone(name, tzdb::Range::ALL).to_icalendar();
    if let Ok(calendar) = Calendar::parse(text.as_bytes(), &Limits::default()) {
        for component in calendar.components() {
            write(&component.to_bytes(), out);
        }
    }
}

fn write(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
    if !bytes.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
}

/// Adds the TZIDs that a component and all in it refer to, each once, but for those that are known.
fn refer(component: &Component<'_>, known: &[(String, String)], found: &mut Vec<String>) {
    for property in component.properties() {
        if let Some(tzid) = property.param("TZID") {
            let tzid = tzid.trim();
            let is_known = known.iter().any(|(known, _)| known == tzid);
            if !is_known && !found.iter().any(|found| found == tzid) {
                found.push(tzid.to_owned());
            }
        }
    }
    for inner in component.components() {
        refer(inner, known, found);
    }
}

/// Gives the zones that a component and all in it refer to other names.
fn rename(component: &mut Component<'_>, names: &[(String, String)]) {
    for property in component.properties_mut() {
        let tzid = property.param("TZID").unwrap_or_default();
        let renamed = names.iter().find(|(old, _)| old == tzid.trim());
        if let Some((_, new)) = renamed {
            *property = property
                .clone()
                .without_param("TZID")
                .with_param("TZID", new);
        }
    }
    for inner in component.components_mut() {
        rename(inner, names);
    }
}
