//! What CALDAV:calendar-data asks for of an object: RFC 4791 §9.6.
//!
//! What nothing is asked of is what was stored, byte by byte: then the module need not even read
//! the object.

use std::borrow::Cow;

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component, Item};
use crate::property::Property;
use crate::series::{Instance, Range, Series, property_overlaps};
use crate::value::{Form, LocalTime};
use crate::zone::{Zone, Zones};

/// What to leave of an object.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// CALDAV:expand, §9.6.5, or CALDAV:limit-recurrence-set, §9.6.6.
    pub recurrences: Recurrences,
    /// CALDAV:limit-freebusy-set, §9.6.7.
    pub limit_freebusy_set: Option<Range>,
    /// CALDAV:comp, §9.6.1: that of VCALENDAR.
    pub selection: Option<Selection>,
}

/// What becomes of recurring components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recurrences {
    /// They stay.
    #[default]
    Stored,
    /// Each instance in the range is a component, in UTC.
    Expand(Range),
    /// Overrides that have nothing to do with the range are left out.
    Limit(Range),
}

/// CALDAV:comp: what to leave of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The component's name.
    pub name: String,
    /// Its properties.
    pub properties: Properties,
    /// The components in it.
    pub components: Components,
}

/// CALDAV:allprop or CALDAV:prop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Properties {
    /// All.
    All,
    /// Those with these names; with `true`, without their value (`novalue`, §9.6.4).
    Named(Vec<(String, bool)>),
}

/// CALDAV:allcomp or CALDAV:comp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Components {
    /// All, whole.
    All,
    /// These.
    Named(Vec<Selection>),
}

impl Output {
    /// Whether nothing is asked, so that the stored bytes are the answer.
    pub fn is_stored(&self) -> bool {
        self.recurrences == Recurrences::Stored
            && self.limit_freebusy_set.is_none()
            && self.selection.is_none()
    }

    /// The bytes of an object. Floating times are in this zone when it is asked what is in a range.
    ///
    /// Fails if the budget runs out.
    pub fn write(
        &self,
        calendar: &Calendar<'_>,
        floating: &Zone,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, Exceeded> {
        let mut calendar = Cow::Borrowed(calendar);
        match self.recurrences {
            Recurrences::Stored => {}
            Recurrences::Expand(range) => {
                let expanded = expand(&calendar, range, floating, budget)?;
                calendar = Cow::Owned(expanded.into_owned());
            }
            Recurrences::Limit(range) => {
                let limited = limit(&calendar, range, floating, budget)?;
                calendar = Cow::Owned(limited.into_owned());
            }
        }
        if let Some(range) = self.limit_freebusy_set {
            calendar = Cow::Owned(limit_freebusy(&calendar, range, floating).into_owned());
        }
        let Some(selection) = &self.selection else {
            return Ok(calendar.to_bytes());
        };
        let mut out = Vec::new();
        selection.write(calendar.root(), &mut out);
        Ok(out)
    }
}

impl Selection {
    fn write(&self, component: &Component<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(component.begin.raw());
        for item in component.items() {
            match item {
                Item::Property(property) => self.write_property(property, out),
                Item::Component(inner) => match &self.components {
                    Components::All => inner.write(out),
                    Components::Named(list) => {
                        if let Some(selection) = list.iter().find(|s| inner.is(&s.name)) {
                            selection.write(inner, out);
                        }
                    }
                },
            }
        }
        out.extend_from_slice(component.end.raw());
    }

    fn write_property(&self, property: &Property<'_>, out: &mut Vec<u8>) {
        let Properties::Named(names) = &self.properties else {
            return out.extend_from_slice(property.raw());
        };
        match names.iter().find(|(name, _)| property.is(name)) {
            Some((_, false)) => out.extend_from_slice(property.raw()),
            Some((_, true)) => {
                out.extend_from_slice(Property::new(property.name(), "").raw());
            }
            None => {}
        }
    }
}

/// The instances in a range as components of their own: RFC 4791 §9.6.5.
///
/// Fails if the budget runs out.
pub fn expand<'c>(
    calendar: &'c Calendar<'_>,
    range: Range,
    floating: &Zone,
    budget: &mut Budget,
) -> Result<Calendar<'c>, Exceeded> {
    let series = Series::of(calendar, floating.clone());
    let recurring = series.is_recurring();
    let mut root = Component {
        items: calendar
            .root()
            .properties()
            .map(|p| Item::Property(p.clone()))
            .collect(),
        ..calendar.root().emptied()
    };
    for component in series.undated(range) {
        root.add_component(in_utc(component, series.zones()));
    }
    for instance in series.instances(range, budget)? {
        root.add_component(expanded(&instance, recurring, series.zones()));
    }
    Ok(Calendar {
        root,
        ..calendar.without_components()
    })
}

/// One instance as a component.
fn expanded<'c>(instance: &Instance<'c>, recurring: bool, zones: &Zones<'_>) -> Component<'c> {
    let component = instance.component;
    let has_start = component.property("DTSTART").is_some();
    let mut result = component.emptied();
    for item in component.items() {
        let Item::Property(property) = item else {
            result.items.push(item.clone());
            continue;
        };
        let name = |wanted: &[&str]| wanted.iter().any(|name| property.is(name));
        if name(&["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"]) {
            continue;
        }
        let made = if name(&["DTSTART"]) || (name(&["DUE"]) && !has_start) {
            moment(
                property,
                instance.start_local,
                instance.start,
                instance.is_date,
            )
        } else if name(&["DTEND", "DUE"]) {
            moment(property, instance.end_local, instance.end, instance.is_date)
        } else {
            property_in_utc(property, zones)
        };
        result.items.push(Item::Property(made));
        // Beside the time that it goes with.
        if let Some(id) = instance.id.filter(|_| recurring && name(&["DTSTART"])) {
            let original = component.property("RECURRENCE-ID").unwrap_or(property);
            let original = original
                .clone()
                .without_param("RANGE")
                .renamed("RECURRENCE-ID");
            let made = moment(&original, id.local, id.utc, id.is_date);
            result.items.push(Item::Property(made));
        }
    }
    if let Some(id) = instance.id.filter(|_| recurring && !has_start) {
        let made = moment(
            &Property::new("RECURRENCE-ID", ""),
            id.local,
            id.utc,
            id.is_date,
        );
        result.add(made);
    }
    result
}

/// A property with another time: in UTC, unless it is a DATE or floats.
fn moment<'c>(property: &Property<'c>, local: LocalTime, utc: i64, is_date: bool) -> Property<'c> {
    let floats = matches!(property.time().map(|time| time.form), Ok(Form::Floating));
    let value = if is_date {
        local.date_text()
    } else if floats {
        local.to_string()
    } else {
        format!("{}Z", LocalTime(utc))
    };
    let property = property.clone().without_param("TZID");
    let property = if is_date && !property.is_value_type("DATE") {
        property.without_param("VALUE").with_param("VALUE", "DATE")
    } else {
        property
    };
    property.with_value(&value)
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
            moment(property, time.local, zones.utc(&time), false)
        }
        _ => property.clone(),
    }
}

/// The object without the overrides that have nothing to do with a range: RFC 4791 §9.6.6.
fn limit<'c>(
    calendar: &'c Calendar<'_>,
    range: Range,
    floating: &Zone,
    budget: &mut Budget,
) -> Result<Calendar<'c>, Exceeded> {
    let series = Series::of(calendar, floating.clone());
    let kept = series.overrides_for(range, budget)?;
    let mut limited: Calendar<'c> = calendar.clone();
    limited.root_mut().retain(|item| match item {
        Item::Component(c) if c.property("RECURRENCE-ID").is_some() => {
            kept.binary_search(&c.line()).is_ok()
        }
        _ => true,
    });
    Ok(limited)
}

/// The object without the FREEBUSY periods outside a range: RFC 4791 §9.6.7.
fn limit_freebusy<'c>(calendar: &Calendar<'c>, range: Range, floating: &Zone) -> Calendar<'c> {
    let zones = Zones::new(calendar, floating.clone());
    let mut limited = calendar.clone();
    for component in limited
        .root_mut()
        .components_mut()
        .filter(|c| c.is("VFREEBUSY"))
    {
        component.items = std::mem::take(&mut component.items)
            .into_iter()
            .filter_map(|item| match item {
                Item::Property(property) if property.is("FREEBUSY") => {
                    limit_periods(property, &zones, range).map(Item::Property)
                }
                item => Some(item),
            })
            .collect();
    }
    limited
}

fn limit_periods<'c>(
    property: Property<'c>,
    zones: &Zones<'_>,
    range: Range,
) -> Option<Property<'c>> {
    let values: Vec<&str> = property.value().split(',').collect();
    let kept: Vec<&str> = values
        .iter()
        .copied()
        .filter(|value| property_overlaps(&property.clone().with_value(value), zones, range))
        .collect();
    if kept.is_empty() {
        return None;
    }
    if kept.len() == values.len() {
        return Some(property);
    }
    let value = kept.join(",");
    Some(property.with_value(&value))
}

/// The stream without the control characters that iCalendar forbids (RFC 5545 §3.1) and XML can't
/// carry, but some clients store.
pub fn without_controls(bytes: &[u8]) -> Cow<'_, [u8]> {
    let forbidden = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n');
    if !bytes.iter().any(forbidden) {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().copied().filter(|b| !forbidden(b)).collect())
}
