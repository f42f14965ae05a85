//! CALDAV:expand: RFC 4791 §9.6.5.
//!
//! A component has many instances that differ in three lines, so all others are written once, into
//! a template.

use super::Wanted;
use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component, Item};
use crate::property::Property;
use crate::series::{Instance, Range, Series};
use crate::value::{DAY, Form, LocalTime};
use crate::write::folded;
use crate::zone::{Zone, Zones};

/// The instances in a range as components of their own, in UTC, without rules and time zones.
///
/// Fails if the budget runs out.
pub(super) fn write(
    calendar: &Calendar<'_>,
    range: Range,
    floating: &Zone,
    wanted: Wanted<'_>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Exceeded> {
    let series = Series::of(calendar, floating.clone());
    let root = calendar.root();
    let mut out = Vec::new();
    out.extend_from_slice(root.begin.raw());
    for property in root.properties() {
        wanted.write_property(property, &mut out);
    }
    for component in series.undated(range) {
        wanted
            .within(component.name())
            .write(&in_utc(component, series.zones()), &mut out);
    }
    let mut templates: Vec<Template<'_>> = Vec::new();
    for instance in series.instances(range, budget)? {
        let known = templates
            .iter()
            .position(|template| std::ptr::eq(template.component, instance.component));
        let template = match known.and_then(|at| templates.get(at)) {
            Some(template) => template,
            None => {
                let wanted = wanted.within(instance.component.name());
                // Many overrides have one instance each: only a few are worth remembering.
                templates.truncate(3);
                templates.insert(0, Template::of(&instance, &series, wanted));
                match templates.first() {
                    Some(template) => template,
                    None => continue,
                }
            }
        };
        // What is long and has many instances would grow beyond any memory.
        budget.work(template.length() / BYTES_A_STEP)?;
        template.write(&instance, &mut out);
    }
    out.extend_from_slice(root.end.raw());
    Ok(out)
}

/// How many bytes of output count as one step of work.
const BYTES_A_STEP: u64 = 16;

/// A component but for the times of its instances.
struct Template<'c> {
    component: &'c Component<'c>,
    /// Bytes, and the line that comes after them.
    parts: Vec<(Vec<u8>, Line)>,
    rest: Vec<u8>,
}

/// A line with a time.
struct Line {
    /// All up to the colon, that included.
    head: String,
    time: Which,
    /// The time floats, and stays so.
    floats: bool,
    /// What stands here for an instance that is so many seconds long.
    instead: Option<(i64, Vec<u8>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Start,
    End,
    Id,
    /// The value is not wanted.
    None,
}

impl<'c> Template<'c> {
    fn of(instance: &Instance<'c>, series: &Series<'c>, wanted: Wanted<'_>) -> Self {
        let component = instance.component;
        let mut template = Self {
            component,
            parts: Vec::new(),
            rest: Vec::new(),
        };
        if matches!(wanted, Wanted::Nothing) {
            return template;
        }
        let anchor = if component.property("DTSTART").is_some() {
            "DTSTART"
        } else {
            "DUE"
        };
        let end = made_end(component);
        template.rest.extend_from_slice(component.begin.raw());
        for item in component.items() {
            let property = match item {
                Item::Property(property) => property,
                Item::Component(inner) => {
                    wanted.within(inner.name()).write(inner, &mut template.rest);
                    continue;
                }
            };
            let is = |names: &[&str]| names.iter().any(|name| property.is(name));
            if is(&["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"]) {
                continue;
            }
            if is(&[anchor]) {
                template.line(property, Which::Start, instance.is_date, wanted);
                if let Some(id) = instance.id {
                    let original = component.property("RECURRENCE-ID").unwrap_or(property);
                    template.line(original, Which::Id, id.is_date, wanted);
                }
                if let (Some(end), None) = (end, component.property("DURATION")) {
                    template.end(end, property, None, instance.is_date, wanted);
                }
            } else if is(&["DTEND", "DUE"]) {
                template.line(property, Which::End, instance.is_date, wanted);
            } else if let (true, Some(end)) = (property.is("DURATION"), end) {
                let start = component.property(anchor).unwrap_or(property);
                template.end(end, start, Some(property), instance.is_date, wanted);
            } else {
                let property = property_in_utc(property, series.zones());
                wanted.write_property(&property, &mut template.rest);
            }
        }
        template.rest.extend_from_slice(component.end.raw());
        // RECURRENCE-ID is on the clock of DTSTART, whatever an override has written.
        if let Some(floats) = series.master_floats() {
            let ids = template.parts.iter_mut().map(|(_, line)| line);
            for line in ids.filter(|line| line.time == Which::Id) {
                line.floats = floats;
            }
        }
        template
    }

    /// How many bytes an instance takes.
    fn length(&self) -> u64 {
        let parts = self.parts.iter().map(|(before, line)| {
            let instead = line.instead.as_ref().map_or(0, |(_, bytes)| bytes.len());
            before.len() + instead + line.head.len() + 20
        });
        (parts.sum::<usize>() + self.rest.len()) as u64
    }

    /// Adds a line that each instance has its own of.
    fn line(&mut self, property: &Property<'_>, time: Which, is_date: bool, wanted: Wanted<'_>) {
        let name = match time {
            Which::Id => "RECURRENCE-ID",
            _ => property.name(),
        };
        let Some(with_value) = wanted.named(name) else {
            return;
        };
        let line = Line {
            floats: matches!(property.time().map(|time| time.form), Ok(Form::Floating)),
            head: match with_value {
                true => head(name, property, is_date),
                false => format!("{name}:"),
            },
            time: if with_value { time } else { Which::None },
            instead: None,
        };
        self.parts.push((std::mem::take(&mut self.rest), line));
    }

    /// Adds the line with the end of those instances that are not as long as DURATION says, or as
    /// DTSTART alone does. One of a PERIOD is not; and days are other ones in UTC when the clock of
    /// DTSTART is changed meanwhile. RFC 5545 §3.8.5.2, §3.8.2.5.
    fn end(
        &mut self,
        name: &str,
        start: &Property<'_>,
        duration: Option<&Property<'_>>,
        is_date: bool,
        wanted: Wanted<'_>,
    ) {
        let mut instead = Vec::new();
        let seconds = match duration {
            Some(property) => {
                wanted.write_property(property, &mut instead);
                property
                    .duration()
                    .ok()
                    .map(|told| told.approximate_seconds())
            }
            None if is_date => Some(DAY),
            None => Some(0),
        };
        let is_wanted = [name, "DURATION"]
            .iter()
            .any(|name| wanted.named(name) == Some(true));
        match seconds.filter(|seconds| is_wanted && *seconds >= 0) {
            Some(seconds) => self.parts.push((
                std::mem::take(&mut self.rest),
                Line {
                    head: format!("{name}{}", if is_date { ";VALUE=DATE:" } else { ":" }),
                    time: Which::End,
                    floats: matches!(start.time().map(|time| time.form), Ok(Form::Floating)),
                    instead: Some((seconds, instead)),
                },
            )),
            None => self.rest.extend_from_slice(&instead),
        }
    }

    fn write(&self, instance: &Instance<'c>, out: &mut Vec<u8>) {
        for (before, line) in &self.parts {
            out.extend_from_slice(before);
            if let Some((seconds, instead)) = &line.instead
                && instance.lasts(*seconds, line.floats)
            {
                out.extend_from_slice(instead);
                continue;
            }
            let (local, utc, is_date) = match (line.time, instance.id) {
                (Which::End, _) => (instance.end_local, instance.end, instance.is_date),
                (Which::Id, Some(id)) => (id.local, id.utc, id.is_date),
                _ => (instance.start_local, instance.start, instance.is_date),
            };
            let shown = match is_date || line.floats {
                true => local,
                false => LocalTime(utc),
            };
            let written = shown.written();
            let length = match line.time {
                Which::None => 0,
                _ if is_date => 8,
                _ if line.floats => 15,
                _ => 16,
            };
            let value = written.get(..length).unwrap_or_default();
            if line.head.len() < 60 {
                out.extend_from_slice(line.head.as_bytes());
                out.extend_from_slice(value);
                out.extend_from_slice(b"\r\n");
            } else {
                let value = std::str::from_utf8(value).unwrap_or_default();
                out.extend_from_slice(&folded(&format!("{}{value}", line.head)));
            }
        }
        out.extend_from_slice(&self.rest);
    }
}

impl Instance<'_> {
    /// Whether it is exactly so long: what floats, and days, by what clocks show.
    fn lasts(&self, seconds: i64, floats: bool) -> bool {
        let on_clock = self.end_local.0 - self.start_local.0 == seconds;
        match self.is_date {
            true => on_clock,
            false => self.end - self.start == seconds || (floats && on_clock),
        }
    }
}

/// What an end is called that is not in a component, but may be in an instance of it.
fn made_end(component: &Component<'_>) -> Option<&'static str> {
    let has = |name| component.property(name).is_some();
    if has("DTEND") || has("DUE") {
        return None;
    }
    let names = [
        ("VEVENT", "DTEND"),
        ("AVAILABLE", "DTEND"),
        ("VAVAILABILITY", "DTEND"),
        ("VTODO", "DUE"),
    ];
    let mut names = names.into_iter();
    names
        .find(|(kind, _)| component.is(kind))
        .map(|(_, end)| end)
}

/// The beginning of a line with a time in UTC, or a DATE, up to the colon: without TZID.
fn head(name: &str, property: &Property<'_>, is_date: bool) -> String {
    let mut head = name.to_owned();
    let was_date = property.is_value_type("DATE");
    for param in property.params() {
        let is_gone = param.is("TZID")
            || (name == "RECURRENCE-ID" && param.is("RANGE"))
            || (was_date != is_date && param.is("VALUE"));
        if !is_gone {
            head.push(';');
            head.push_str(param.written());
        }
    }
    head.push_str(match is_date && !was_date {
        true => ";VALUE=DATE:",
        false => ":",
    });
    head
}

/// A component with all times in UTC.
fn in_utc<'c>(component: &Component<'c>, zones: &Zones<'_>) -> Component<'c> {
    let mut result = component.emptied();
    for item in component.items() {
        result.items.push(match item {
            Item::Property(property) => Item::Property(property_in_utc(property, zones)),
            Item::Component(_) => item.clone(),
        });
    }
    result
}

fn property_in_utc<'c>(property: &Property<'c>, zones: &Zones<'_>) -> Property<'c> {
    if property.param("TZID").is_none() {
        return property.clone();
    }
    match property.time() {
        Ok(time) if matches!(time.form, Form::Zoned(_)) => {
            let value = LocalTime(zones.utc(&time)).utc_text();
            property.clone().without_param("TZID").with_value(&value)
        }
        _ => property.clone(),
    }
}
