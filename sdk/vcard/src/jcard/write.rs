//! A card to jCard. RFC 7095 §3.

use serde_json::{Map, Value, json};

use super::date::{KINDS, extend};
use super::shape::{Shape, is_text, of};
use crate::card::{Card, Limits};
use crate::convert::is_offset;
use crate::property::Property;
use crate::{Error, Version, convert};

/// The jCard of a card of any version: it becomes 4.0 before, since jCard has no other.
/// RFC 7095 §3.3.
///
/// Fails only if what phones have written as vCard 2.1 cannot be read.
pub fn write(card: &Card<'_>) -> Result<String, Error> {
    Ok(value(card)?.to_string())
}

/// The jCards of several cards, one array with all. RFC 7095 §3.2 has none for that; RFC 7265 §3.2
/// does so for calendars.
///
/// Fails as [`write`] does.
pub fn write_all<'c, 'a: 'c>(
    cards: impl IntoIterator<Item = &'c Card<'a>>,
) -> Result<String, Error> {
    let all: Result<Vec<Value>, Error> = cards.into_iter().map(value).collect();
    Ok(Value::Array(all?).to_string())
}

fn value(card: &Card<'_>) -> Result<Value, Error> {
    if card.version() == Version::V4_0 {
        return Ok(of_4_0(card));
    }
    let bytes = convert(card, Version::V4_0)?;
    Ok(of_4_0(&Card::parse(&bytes, &Limits::DEFAULT)?))
}

fn of_4_0(card: &Card<'_>) -> Value {
    // It must come first, as in vCard 4.0. RFC 7095 §3.3.
    let mut all = vec![json!(["version", {}, "text", "4.0"])];
    let rest = card.properties().iter();
    all.extend(
        rest.filter(|property| !property.is("VERSION"))
            .map(property_value),
    );
    json!(["vcard", all])
}

fn property_value(property: &Property<'_>) -> Value {
    let name = property.name().to_ascii_lowercase();
    let (default, shape) = of(&name);
    let declared = property.parameter("VALUE");
    let default = match default {
        // Appendix B.1.2 has an offset for what RFC 6350 §6.5.1 calls a text.
        "text" if name == "tz" && is_offset(&property.raw()) => "utc-offset",
        default => default,
    };
    let kind = declared.map_or(default.to_owned(), |kind| kind.to_ascii_lowercase());
    let mut entry = vec![
        Value::String(name),
        Value::Object(parameters(property)),
        Value::String(kind.clone()),
    ];
    entry.extend(values(property, &kind, shape));
    Value::Array(entry)
}

/// RFC 7095 §3.4: several values of one parameter are an array; the group is a parameter; the type
/// of the value is none.
fn parameters(property: &Property<'_>) -> Map<String, Value> {
    let mut parameters = Map::new();
    if let Some(group) = property.group() {
        parameters.insert("group".into(), Value::String(group.to_owned()));
    }
    for parameter in property.parameters() {
        if parameter.is("VALUE") {
            continue;
        }
        // Lists of types stand in one pair of quotes sometimes. RFC 6350 §5.6.
        let lists = ["TYPE", "PID", "SORT-AS"];
        let is_list = lists.iter().any(|name| parameter.is(name));
        for value in parameter.values() {
            if is_list {
                let parts = value.split(',').map(str::trim);
                parts.for_each(|part| add(&mut parameters, parameter.name(), part));
            } else if parameter.is("LABEL") {
                // `\n` in it is from before RFC 6868. RFC 7095 §3.3.1.3.
                add(&mut parameters, "label", &value.replace("\\n", "\n"));
            } else {
                add(&mut parameters, parameter.name(), &value);
            }
        }
    }
    parameters
}

fn add(parameters: &mut Map<String, Value>, name: &str, value: &str) {
    let value = Value::String(value.to_owned());
    match parameters.get_mut(&name.to_ascii_lowercase()) {
        None => {
            parameters.insert(name.to_ascii_lowercase(), value);
        }
        Some(Value::Array(known)) => known.push(value),
        Some(known) => *known = Value::Array(vec![known.take(), value]),
    }
}

fn values(property: &Property<'_>, kind: &str, shape: Shape) -> Vec<Value> {
    match shape {
        Shape::List if is_text(kind) => property.list().into_iter().map(Value::String).collect(),
        Shape::Structured if is_text(kind) => vec![structured(property.components())],
        _ if is_text(kind) => vec![Value::String(property.text().into_owned())],
        _ => vec![scalar(kind, &property.raw())],
    }
}

/// RFC 7095 §3.3.1.3: a component that is alone is no array, neither within nor outside.
fn structured(components: Vec<Vec<String>>) -> Value {
    let mut components: Vec<Value> = components
        .into_iter()
        .map(|component| one_or_all(component.into_iter().map(Value::String).collect()))
        .collect();
    match components.len() {
        1 => components.remove(0),
        _ => Value::Array(components),
    }
}

fn one_or_all(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    }
}

/// RFC 7095 §3.5, and §5.1 for what is unknown: as it stands there.
fn scalar(kind: &str, raw: &str) -> Value {
    match kind {
        kind if KINDS.contains(&kind) => Value::String(extend(kind, raw)),
        "boolean" if raw.eq_ignore_ascii_case("true") => Value::Bool(true),
        "boolean" if raw.eq_ignore_ascii_case("false") => Value::Bool(false),
        "integer" => match raw.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::String(raw.to_owned()),
        },
        "float" => match raw.parse::<f64>().map(Value::from) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(raw.to_owned()),
        },
        _ => Value::String(raw.to_owned()),
    }
}
