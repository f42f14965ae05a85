//! Calendars to jCal: RFC 7265 §3.

use serde_json::{Map, Number, Value};

use super::value_type::{Type, is_list, type_of};
use crate::component::{Calendar, Component};
use crate::property::{Parameter, Property};
use crate::value::split_list;
use crate::write::unescape_text;

impl Calendar<'_> {
    /// The calendar as jCal.
    pub fn to_jcal(&self) -> String {
        component(self.root()).to_string()
    }
}

/// §3.3. What components nest is bounded where they are read.
fn component(of: &Component<'_>) -> Value {
    Value::Array(vec![
        of.name().to_ascii_lowercase().into(),
        of.properties().map(property).collect(),
        of.components().map(component).collect(),
    ])
}

/// §3.4.
fn property(property: &Property<'_>) -> Value {
    let name = property.name().to_ascii_lowercase();
    let type_name = type_of(property, &name);
    let mut params = Map::new();
    for param in property.params().filter(|p| !p.is("VALUE")) {
        params.insert(param.name().to_ascii_lowercase(), parameter(param));
    }
    let value_type = Type::of(&type_name);
    let text = property.value();
    let mut array = vec![name.clone().into(), params.into(), type_name.clone().into()];
    match name.as_str() {
        "geo" | "request-status" => {
            let parts = split_semicolons(text).map(|part| value(part, value_type));
            array.push(parts.collect());
        }
        _ if is_list(&name, &type_name) => {
            array.extend(split_list(text).map(|item| value(item, value_type)));
        }
        _ => array.push(value(text, value_type)),
    }
    Value::Array(array)
}

/// §3.5.
fn parameter(param: Parameter<'_>) -> Value {
    let mut values: Vec<Value> = param.values().map(|v| v.into_owned().into()).collect();
    match values.pop() {
        Some(only) if values.is_empty() => only,
        Some(last) => {
            values.push(last);
            Value::Array(values)
        }
        None => Value::String(String::new()),
    }
}

/// §3.6. What is not what its type says stays as it is.
fn value(text: &str, value_type: Type) -> Value {
    match value_type {
        Type::Boolean if text.eq_ignore_ascii_case("TRUE") => Value::Bool(true),
        Type::Boolean if text.eq_ignore_ascii_case("FALSE") => Value::Bool(false),
        Type::Float | Type::Integer => number(text),
        Type::Date | Type::DateTime | Type::Time => extended(text).into(),
        Type::Period => match text.split_once('/') {
            Some((start, end)) => vec![extended(start), extended(end)].into(),
            None => extended(text).into(),
        },
        Type::Recur => recur(text),
        Type::Text => unescape_text(text).into(),
        Type::UtcOffset => offset(text).into(),
        Type::Boolean | Type::Raw => text.into(),
    }
}

fn number(text: &str) -> Value {
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return integer.into();
    }
    match text.parse().ok().and_then(Number::from_f64) {
        Some(number) => number.into(),
        None => text.into(),
    }
}

/// A DATE, DATE-TIME or TIME with separators; anything else as it is.
fn extended(text: &str) -> String {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) if date.len() == 8 => (date, Some(time)),
        None if text.len() == 8 => (text, None),
        None => ("", Some(text)),
        Some(_) => return text.to_owned(),
    };
    let digits = |text: &str, lengths: &[usize]| {
        let own = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        lengths.contains(&own.len()) && own.bytes().all(|b| b.is_ascii_digit())
    };
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or("").to_owned();
    if !digits(date, &[0, 8]) || !time.is_none_or(|time| digits(time, &[6])) {
        return text.to_owned();
    }
    let mut out = String::new();
    if !date.is_empty() {
        out = [part(date, 0, 4), part(date, 4, 6), part(date, 6, 8)].join("-");
    }
    if let Some(time) = time {
        if !out.is_empty() {
            out.push('T');
        }
        let rest = part(time, 4, time.len()).to_ascii_uppercase();
        out.push_str(&[part(time, 0, 2), part(time, 2, 4), rest].join(":"));
    }
    out
}

fn offset(text: &str) -> String {
    let text = text.trim();
    let split = [text.get(..3), text.get(3..5)];
    match (split, text.get(5..)) {
        ([Some(hours), Some(minutes)], Some("")) => format!("{hours}:{minutes}"),
        ([Some(hours), Some(minutes)], Some(seconds)) => format!("{hours}:{minutes}:{seconds}"),
        _ => text.to_owned(),
    }
}

/// §3.6.10.
fn recur(text: &str) -> Value {
    let mut parts = Map::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.trim().to_ascii_lowercase();
        let item = |item: &str| match name.as_str() {
            "until" => extended(item).into(),
            "count" | "interval" => number(item),
            // A leap month has a letter: RFC 7529 §4.1.
            name if name.starts_with("by") && name != "byday" => number(item),
            _ => Value::String(item.to_owned()),
        };
        let mut values: Vec<Value> = value.split(',').map(item).collect();
        let value = match values.pop() {
            Some(only) if values.is_empty() => only,
            last => {
                values.extend(last);
                Value::Array(values)
            }
        };
        parts.insert(name, value);
    }
    Value::Object(parts)
}

/// The parts of a structured value, separated by semicolons that are not escaped.
fn split_semicolons(text: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |c| {
        let found = c == ';' && !escaped;
        escaped = c == '\\' && !escaped;
        found
    })
}
