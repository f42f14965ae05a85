//! Attachments in calendar objects: `ATTACH` properties with a `MANAGED-ID`. RFC 8607 §3.3.2, §4.

use dav::Error;
use icalendar::object::instance;
use icalendar::{Budget, Calendar, Component, Item, Property};

use crate::floating::exceeded;
use crate::precondition::VALID_RID;

/// The managed attachments that an object refers to, each once: id and URL.
pub(crate) fn managed_ids(calendar: &Calendar<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for component in calendar.calendar_components() {
        for property in component.properties_named("ATTACH") {
            let Some(id) = property.param("MANAGED-ID") else {
                continue;
            };
            if !found.iter().any(|(known, _)| *known == id) {
                found.push((id.into_owned(), property.value().trim().to_owned()));
            }
        }
    }
    found
}

/// Which components a request is about. RFC 8607 §3.3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// All of them.
    All,
    /// The one without RECURRENCE-ID, or the ones with these.
    Some { master: bool, ids: Vec<String> },
}

impl Target {
    /// Reads the parameter `rid`.
    pub(super) fn parse(rid: Option<&str>) -> Result<Self, Error> {
        let Some(rid) = rid else {
            return Ok(Target::All);
        };
        let (mut master, mut ids) = (false, Vec::new());
        for item in rid.split(',') {
            let again = match item.eq_ignore_ascii_case("M") {
                true => std::mem::replace(&mut master, true),
                false => ids.iter().any(|known| known == item),
            };
            if again || item.is_empty() {
                return Err(VALID_RID.error());
            }
            if !item.eq_ignore_ascii_case("M") {
                ids.push(item.to_owned());
            }
        }
        Ok(Target::Some { master, ids })
    }

    fn includes(&self, component: &Component<'_>) -> bool {
        match (self, component.property("RECURRENCE-ID")) {
            (Target::All, _) => true,
            (Target::Some { master, .. }, None) => *master,
            (Target::Some { ids, .. }, Some(id)) => ids.iter().any(|known| known == id.value()),
        }
    }
}

/// Makes sure that there is a component for each instance that is targeted, so that it can be
/// changed alone.
pub(super) fn split_off(
    calendar: &mut Calendar<'_>,
    target: &Target,
    budget: &mut Budget,
) -> Result<(), Error> {
    let Target::Some { master, ids } = target else {
        return Ok(());
    };
    let has_master = calendar
        .calendar_components()
        .any(|component| component.property("RECURRENCE-ID").is_none());
    if *master && !has_master {
        return Err(VALID_RID.error());
    }
    for id in ids {
        let is_there = calendar.calendar_components().any(|component| {
            let known = component.property("RECURRENCE-ID");
            known.is_some_and(|known| known.value() == id)
        });
        if !is_there {
            let made = instance(calendar, id, budget).map_err(exceeded)?;
            let made = made.ok_or_else(|| VALID_RID.error())?;
            calendar.root_mut().add_component(made);
        }
    }
    Ok(())
}

/// Adds a property to all components that are targeted.
pub(super) fn add<'a>(calendar: &mut Calendar<'a>, target: &Target, property: &Property<'a>) {
    for component in calendar.root_mut().components_mut() {
        if !component.is("VTIMEZONE") && target.includes(component) {
            component.add(property.clone());
        }
    }
}

/// Takes the attachment of this id out of all components that are targeted, putting another in its
/// place if there is one. Tells whether it was there.
pub(super) fn exchange<'a>(
    calendar: &mut Calendar<'a>,
    target: &Target,
    managed_id: &str,
    instead: Option<&Property<'a>>,
) -> bool {
    let mut any = false;
    for component in calendar.root_mut().components_mut() {
        if component.is("VTIMEZONE") || !target.includes(component) {
            continue;
        }
        let removed = component.retain(|item| match item {
            Item::Property(property) => {
                !(property.is("ATTACH")
                    && property.param("MANAGED-ID").as_deref() == Some(managed_id))
            }
            Item::Component(_) => true,
        });
        if removed && let Some(property) = instead {
            component.add(property.clone());
        }
        any |= removed;
    }
    any
}
