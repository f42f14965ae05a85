//! Busy time as VFREEBUSY: RFC 5545 §3.6.4.
//!
//! By hand: the builder that design.md has in mind (crates.io's `icalendar`) would bring chrono,
//! uuid and nom along for these ten lines.

use super::{Busy, BusyType};
use crate::component::{Calendar, Component};
use crate::property::Property;
use crate::value::LocalTime;

/// What an answer says besides the busy time.
#[derive(Clone, Debug, Default)]
pub struct Answer<'t> {
    /// PRODID.
    pub product: &'t str,
    /// DTSTAMP, in UTC seconds: now.
    pub stamp: i64,
    /// UID.
    pub object_uid: Option<&'t str>,
    /// ORGANIZER: who asked, as `mailto:…`.
    pub organizer: Option<&'t str>,
    /// ATTENDEE: whose time it is, as `mailto:…`.
    pub attendee: Option<&'t str>,
    /// URL: where this can be read.
    pub url: Option<&'t str>,
    /// METHOD, for answers that are messages.
    pub method: Option<&'t str>,
}

impl Busy {
    /// The busy time as a calendar with one VFREEBUSY.
    pub fn to_calendar(&self, answer: &Answer<'_>) -> Calendar<'static> {
        let mut calendar = Calendar::new(answer.product);
        if let Some(method) = answer.method {
            calendar.root_mut().add(Property::new("METHOD", method));
        }
        let mut component = Component::new("VFREEBUSY");
        let mut add = |name, value: Option<&str>| {
            if let Some(value) = value {
                component.add(Property::new(name, value));
            }
        };
        add("UID", answer.object_uid);
        add("ORGANIZER", answer.organizer);
        add("ATTENDEE", answer.attendee);
        add("URL", answer.url);
        add("DTSTAMP", Some(&utc(answer.stamp)));
        let bounded = |time: i64| LocalTime::MIN.0 < time && time < LocalTime::MAX.0;
        for (name, time) in [("DTSTART", self.range.start), ("DTEND", self.range.end)] {
            add(name, bounded(time).then(|| utc(time)).as_deref());
        }
        let periods = self.periods();
        for busy_type in BusyType::ALL {
            let list: Vec<String> = periods
                .iter()
                .filter(|period| period.busy_type == busy_type)
                .map(|period| format!("{}/{}", utc(period.start), utc(period.end)))
                .collect();
            if !list.is_empty() {
                let property = Property::new("FREEBUSY", &list.join(","));
                component.add(property.with_param("FBTYPE", busy_type.name()));
            }
        }
        calendar.root_mut().add_component(component);
        calendar
    }
}

fn utc(time: i64) -> String {
    LocalTime(time).utc_text()
}
