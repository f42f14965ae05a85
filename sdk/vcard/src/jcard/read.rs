//! jCard to a card of vCard 4.0. RFC 7095 §4.

use serde_json::{Map, Value};

use super::date::{KINDS, reduce};
use super::shape::{Shape, is_text, of};
use crate::card::Limits;
use crate::text::{encode_parameter, escape, fold};
use crate::{Error, Fault};

/// The cards of a jCard, or of an array of several, as vCard 4.0.
///
/// Fails if it is none, or over a limit. Whether what comes out may be stored is for
/// [`crate::check`] to say.
pub fn read(json: &[u8], limits: &Limits) -> Result<Vec<Vec<u8>>, Error> {
    if json.len() > limits.bytes {
        let (what, limit) = ("bytes", limits.bytes);
        return Err(Fault::TooBig { what, limit }.at(1));
    }
    // serde_json bounds the depth by itself.
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| Fault::NotJcard(error.to_string()).at(error.line().max(1)))?;
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(_), ..]) => Ok(vec![card(&value, limits)?]),
        Some(all) => all.iter().map(|value| card(value, limits)).collect(),
        None => Err(wrong("the outermost value is no array")),
    }
}

fn wrong(what: impl Into<String>) -> Error {
    Fault::NotJcard(what.into()).at(1)
}

fn card(value: &Value, limits: &Limits) -> Result<Vec<u8>, Error> {
    let Some([Value::String(name), Value::Array(properties)]) = value.as_array().map(Vec::as_slice)
    else {
        return Err(wrong("a card is [\"vcard\", [properties]]"));
    };
    if !name.eq_ignore_ascii_case("vcard") {
        return Err(wrong(format!("{name:.20?} is not \"vcard\"")));
    }
    if properties.len() > limits.properties {
        let (what, limit) = ("properties in a card", limits.properties);
        return Err(Fault::TooBig { what, limit }.at(1));
    }
    let mut out = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\n");
    for property in properties {
        push_property(&mut out, property)?;
    }
    out.push_str("END:VCARD\r\n");
    Ok(out.into_bytes())
}

fn push_property(out: &mut String, property: &Value) -> Result<(), Error> {
    let Some(
        [
            Value::String(name),
            Value::Object(parameters),
            Value::String(kind),
            values @ ..,
        ],
    ) = property.as_array().map(Vec::as_slice)
    else {
        return Err(wrong(
            "a property is [\"name\", {parameters}, \"type\", value, …]",
        ));
    };
    if name.eq_ignore_ascii_case("version") {
        return match values {
            [Value::String(version)] if version == "4.0" => Ok(()),
            _ => Err(wrong("the version of a jCard is \"4.0\"")),
        };
    }
    if values.is_empty() {
        return Err(wrong(format!("the property {name:.40?} has no value")));
    }
    check_name(name)?;
    let lower = name.to_ascii_lowercase();
    let kind = kind.to_ascii_lowercase();
    let (default, shape) = of(&lower);
    let mut line = String::new();
    if let Some(group) = parameters.get("group").and_then(Value::as_str) {
        check_name(group)?;
        line.push_str(group);
        line.push('.');
    }
    line.push_str(&name.to_ascii_uppercase());
    push_parameters(&mut line, parameters)?;
    if kind != default && kind != "unknown" {
        check_name(&kind)?;
        line.push_str(";VALUE=");
        line.push_str(&kind);
    }
    line.push(':');
    push_values(&mut line, values, &kind, shape);
    fold(out, &line);
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !name.is_empty() && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(Fault::BadName(name.chars().take(40).collect()).at(1)),
    }
}

fn push_parameters(line: &mut String, parameters: &Map<String, Value>) -> Result<(), Error> {
    for (name, value) in parameters {
        if name.eq_ignore_ascii_case("group") || name.eq_ignore_ascii_case("value") {
            continue;
        }
        check_name(name)?;
        let values = match value {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        line.push(';');
        line.push_str(&name.to_ascii_uppercase());
        line.push('=');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            line.push_str(&encode_parameter(&text(value)));
        }
    }
    Ok(())
}

fn push_values(line: &mut String, values: &[Value], kind: &str, shape: Shape) {
    if let (Shape::Structured, true, [value]) = (shape, is_text(kind), values) {
        return push_structured(line, value);
    }
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        let text = text(value);
        if is_text(kind) {
            escape(line, &text);
        } else if KINDS.contains(&kind) {
            push_raw(line, &reduce(kind, &text));
        } else {
            push_raw(line, &text);
        }
    }
}

/// RFC 7095 §3.3.1.3.
fn push_structured(line: &mut String, value: &Value) {
    let components = match value {
        Value::Array(components) => components.as_slice(),
        single => std::slice::from_ref(single),
    };
    for (at, component) in components.iter().enumerate() {
        if at > 0 {
            line.push(';');
        }
        let parts = match component {
            Value::Array(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            escape(line, &text(part));
        }
    }
}

/// A value that has no escapes: a line break in it would end the line.
fn push_raw(line: &mut String, text: &str) {
    line.extend(text.chars().filter(|char| !matches!(char, '\r' | '\n')));
}

/// A value as a text: what is neither a text nor a number says nothing.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}
