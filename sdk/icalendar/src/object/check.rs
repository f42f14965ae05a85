//! The rules for what may be stored: RFC 4791 §4.1, §5.3.2.1.

use super::{Invalid, Kind, Object};
use crate::component::{Calendar, Component};
use crate::property::Property;
use crate::recurrence::Rule;
use crate::value::Duration;

impl<'c> Object<'c> {
    /// Checks all rules for what may be stored.
    ///
    /// Fails with the first that is broken.
    pub fn check<'a>(calendar: &'c Calendar<'a>) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        Self::check_as(calendar, false)
    }

    /// The same, but rules of recurrences that cannot be read are let through. They are as if they were
    /// not there: an object with none but such happens once.
    pub fn check_but_rules<'a>(calendar: &'c Calendar<'a>) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        Self::check_as(calendar, true)
    }

    fn check_as<'a>(calendar: &'c Calendar<'a>, any_rule: bool) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        let root: &'c Component<'c> = calendar.root();
        if let Some(version) = root
            .property("VERSION")
            .filter(|p| p.value().trim() != "2.0")
        {
            return Err(Invalid::Version {
                line: version.line(),
                found: crate::value::excerpt(version.value()),
            });
        }
        if let Some(method) = root.property("METHOD") {
            return Err(Invalid::Method {
                line: method.line(),
            });
        }
        let object = Self::collect(calendar)?;
        for component in root.components() {
            check_values(component, any_rule)?;
        }
        for component in &object.components {
            let required = match object.kind {
                Kind::Event => Some("DTSTART"),
                _ => None,
            };
            if let Some(property) = required.filter(|name| component.property(name).is_none()) {
                return Err(missing(component, property));
            }
        }
        Ok(object)
    }

    fn collect<'a>(calendar: &'c Calendar<'a>) -> Result<Self, Invalid>
    where
        'a: 'c,
    {
        let mut found: Option<Self> = None;
        let mut ids: Vec<String> = Vec::new();
        for component in calendar.calendar_components() {
            let component: &'c Component<'c> = component;
            let line = component.line();
            let Some(kind) = Kind::of_name(component.name()) else {
                if is_extension(component.name()) {
                    continue;
                }
                return Err(Invalid::Component {
                    line,
                    name: component.name().to_owned(),
                });
            };
            let object_uid = component.text("UID").unwrap_or_default().trim().to_owned();
            if object_uid.is_empty() {
                return Err(missing(component, "UID"));
            }
            // The one time of RECURRENCE-ID can be written in several ways, but clients don't.
            let id = component.property("RECURRENCE-ID").map(Property::value);
            ids.extend(id.map(str::to_owned));
            let Some(object) = &mut found else {
                found = Some(Self {
                    object_uid,
                    kind,
                    components: vec![component],
                });
                continue;
            };
            if object.kind != kind {
                return Err(Invalid::MixedKinds {
                    line,
                    first: object.kind.name(),
                    second: kind.name(),
                });
            }
            if object.object_uid != object_uid {
                return Err(Invalid::DifferentUids {
                    line,
                    first: object.object_uid.clone(),
                    second: object_uid,
                });
            }
            if id.is_some() {
                object.components.push(component);
            } else if object.master().is_some() {
                return Err(Invalid::TwoMasters { line });
            } else {
                object.components.insert(0, component);
            }
        }
        let object = found.ok_or(Invalid::NoComponent)?;
        ids.sort_unstable();
        let twice = ids.array_windows().find(|[a, b]| a == b);
        match twice {
            Some([id, _]) => Err(object.two_overrides(id)),
            None => Ok(object),
        }
    }

    fn two_overrides(&self, id: &str) -> Invalid {
        let of_instance =
            |c: &&&Component<'_>| c.property("RECURRENCE-ID").is_some_and(|p| p.value() == id);
        let second = self.components.iter().filter(of_instance).nth(1);
        Invalid::TwoOverrides {
            line: second.map_or(0, |component| component.line()),
            id: id.to_owned(),
        }
    }
}

/// `X-` components and such as nobody knows yet are kept, as RFC 5545 §3.6 asks.
fn is_extension(name: &str) -> bool {
    ![
        "VCALENDAR",
        "VALARM",
        "STANDARD",
        "DAYLIGHT",
        "AVAILABLE",
        "VCARD",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

fn missing(component: &Component<'_>, property: &'static str) -> Invalid {
    Invalid::Missing {
        line: component.line(),
        component: component.name().to_owned(),
        property,
    }
}

/// Checks the values that decide when something is, in a component and all within.
fn check_values(component: &Component<'_>, any_rule: bool) -> Result<(), Invalid> {
    for property in component.properties() {
        check_value(property, any_rule)?;
    }
    for inner in component.components() {
        check_values(inner, any_rule)?;
    }
    Ok(())
}

fn check_value(property: &Property<'_>, any_rule: bool) -> Result<(), Invalid> {
    let name = property.name();
    let one_of = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    let wrong = |error| Invalid::Value {
        line: property.line(),
        property: name.to_owned(),
        error,
    };
    if one_of(&["DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED"]) {
        property.time().map_err(wrong)?;
    } else if one_of(&["EXDATE", "RDATE", "FREEBUSY"]) {
        if property.value().trim().is_empty() {
            return Ok(());
        }
        for period in property.periods() {
            period.map_err(wrong)?;
        }
    } else if one_of(&["DURATION"]) {
        property.duration().map_err(wrong)?;
    } else if one_of(&["TRIGGER"]) {
        if property.time().is_err() {
            Duration::read(property.value()).map_err(wrong)?;
        }
    } else if one_of(&["RRULE", "EXRULE"]) {
        let rule = match Rule::read(property.value()) {
            Err(_) if any_rule => return Ok(()),
            rule => rule.map_err(wrong)?,
        };
        let scale = Rule::foreign_scale(property.value());
        if let Some(scale) = scale.filter(|_| rule.is_unsupported()) {
            return Err(Invalid::Scale {
                line: property.line(),
                scale: scale.to_owned(),
            });
        }
    } else if one_of(&["TZOFFSETFROM", "TZOFFSETTO"]) {
        crate::value::utc_offset(property.value()).map_err(wrong)?;
    }
    Ok(())
}
