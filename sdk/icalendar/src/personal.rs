//! What each user of a shared calendar has for himself: alarms, whether an event takes his time,
//! colour and categories.
//!
//! Such data is kept beside the object as a calendar of its own, with the components that have any
//! and nothing else in them, and is put into the object for whoever it belongs to. Cyrus does
//! likewise with its per-user data, which it keeps as VPATCH.

use std::collections::BTreeMap;

use crate::component::{Calendar, Component, Item};
use crate::object::Kind;
use crate::property::Property;

/// The properties that are a user's own besides those of alarms: RFC 5545 §3.8.2.7, RFC 7986 §5.9,
/// RFC 5545 §3.8.1.2.
const PROPERTIES: [&str; 3] = ["TRANSP", "COLOR", "CATEGORIES"];

/// What Thunderbird keeps of alarms, and Apple and Cyrus of the default ones.
const OF_ALARMS: [&str; 4] = [
    "X-MOZ-LASTACK",
    "X-MOZ-SNOOZE-TIME",
    "X-APPLE-DEFAULT-ALARM",
    "X-JMAP-USEDEFAULTALERTS",
];

/// By what a component is told from the others of its object.
const IDENTITY: [&str; 2] = ["UID", "RECURRENCE-ID"];

fn is_personal(item: &Item<'_>) -> bool {
    match item {
        Item::Property(property) => {
            is_of_alarms(item) || PROPERTIES.iter().any(|name| property.is(name))
        }
        Item::Component(_) => is_of_alarms(item),
    }
}

fn is_of_alarms(item: &Item<'_>) -> bool {
    match item {
        Item::Property(property) => OF_ALARMS.iter().any(|name| property.is(name)),
        Item::Component(component) => component.is("VALARM"),
    }
}

fn has_personal(component: &Component<'_>) -> bool {
    Kind::of_name(component.name()).is_some()
}

/// What an object has of personal data, as a calendar to keep.
///
/// Each component is in it that the object has, because having no alarm is a choice, too.
pub fn extract<'a>(calendar: &Calendar<'a>) -> Calendar<'a> {
    let mut kept = calendar.clone();
    kept.root_mut()
        .retain(|item| matches!(item, Item::Component(c) if has_personal(c)));
    for component in kept.root_mut().components_mut() {
        component.retain(|item| {
            let identity = |p: &Property<'_>| IDENTITY.iter().any(|name| p.is(name));
            is_personal(item) || matches!(item, Item::Property(p) if identity(p))
        });
    }
    kept
}

/// The object with the personal data that is kept, instead of what it has itself.
///
/// An override that nothing was kept for (it is newer) has what the object's main component has.
pub fn apply<'a>(calendar: &Calendar<'a>, kept: &Calendar<'a>) -> Calendar<'a> {
    let by_instance: BTreeMap<_, _> = kept.components().map(|c| (identity(c), c)).collect();
    let mut result = without(calendar);
    for component in result
        .root_mut()
        .components_mut()
        .filter(|c| has_personal(c))
    {
        let own = by_instance.get(&identity(component));
        let own = own.or_else(|| by_instance.get(&None)).copied();
        for item in own.into_iter().flat_map(Component::items) {
            match item {
                item if !is_personal(item) => {}
                Item::Property(property) => component.add(property.clone()),
                Item::Component(alarm) => component.add_component((**alarm).clone()),
            }
        }
    }
    result
}

/// The object without any personal data.
pub fn without<'a>(calendar: &Calendar<'a>) -> Calendar<'a> {
    retain(calendar, |item| !is_personal(item))
}

fn retain<'a>(calendar: &Calendar<'a>, is_kept: impl Fn(&Item<'a>) -> bool) -> Calendar<'a> {
    let mut result = calendar.clone();
    for component in result
        .root_mut()
        .components_mut()
        .filter(|c| has_personal(c))
    {
        component.retain(&is_kept);
    }
    result
}

/// The object without alarms: what it is to whoever has nothing of his own yet. Alarms are nobody
/// else's, while colour, categories and whether it takes time are a good start.
pub fn without_alarms<'a>(calendar: &Calendar<'a>) -> Calendar<'a> {
    retain(calendar, |item| !is_of_alarms(item))
}

/// Whether an object has any alarm, or a trace of one.
pub fn has_alarms(calendar: &Calendar<'_>) -> bool {
    let components = calendar.components().filter(|c| has_personal(c));
    components.flat_map(Component::items).any(is_of_alarms)
}

/// Whether two objects say the same but for personal data, and for when and by what they were
/// written: then whoever puts the one for the other has changed his own data only.
pub fn is_same_but_personal(a: &Calendar<'_>, b: &Calendar<'_>) -> bool {
    let lines = |calendar: &Calendar<'_>| {
        let mut lines = Vec::new();
        list(without(calendar).root(), &mut Vec::new(), &mut lines);
        lines.sort_unstable();
        lines
    };
    lines(a) == lines(b)
}

/// What each line says, and in which component it is.
fn list(component: &Component<'_>, within: &mut Vec<String>, lines: &mut Vec<String>) {
    const STAMPS: [&str; 5] = ["CREATED", "DTSTAMP", "LAST-MODIFIED", "PRODID", "SEQUENCE"];
    within.push(format!(
        "{} {}",
        component.name().to_ascii_uppercase(),
        identity(component).unwrap_or_default()
    ));
    for property in component.properties() {
        if STAMPS.iter().any(|name| property.is(name)) {
            continue;
        }
        let mut params: Vec<String> = property
            .params()
            .map(|p| {
                format!(
                    "{}={}",
                    p.name().to_ascii_uppercase(),
                    p.values().collect::<Vec<_>>().join(",")
                )
            })
            .collect();
        params.sort_unstable();
        let name = property.name().to_ascii_uppercase();
        lines.push(format!(
            "{} {name} {params:?} {}",
            within.join("/"),
            property.value()
        ));
    }
    for inner in component.components() {
        list(inner, within, lines);
    }
    within.pop();
}

/// The time of the instance that a component is for, as it is written.
fn identity(component: &Component<'_>) -> Option<String> {
    let id = component.property("RECURRENCE-ID")?;
    Some(id.value().trim().to_owned())
}
