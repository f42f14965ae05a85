//! jCal to calendars: RFC 7265 §4.

use serde_json::{Map, Value};

use super::value_type::{Type, is_said};
use crate::component::{Calendar, Component};
use crate::parse::{Limits, ParseError};
use crate::property::Property;
use crate::write::{escape_text, parameter};

/// Why a text is no jCal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JcalError {
    /// Not JSON, or nested deeper than jCal is.
    #[error("the jCal is not JSON: {0}")]
    Json(String),
    /// JSON of another shape.
    #[error("the JSON is not jCal: {0}")]
    Shape(String),
    /// Beyond the limits.
    #[error("the jCal is no calendar: {0}")]
    Calendar(ParseError),
    /// More bytes than allowed.
    #[error("the jCal has more than {0} bytes")]
    TooBig(usize),
}

/// The calendar that a jCal text is, as iCalendar.
///
/// Fails if the text is no jCal, or what it says is beyond the limits.
pub fn from_jcal(text: &str, limits: &Limits) -> Result<Vec<u8>, JcalError> {
    if text.len() > limits.bytes {
        return Err(JcalError::TooBig(limits.bytes));
    }
    // The reader bounds how deep its values nest.
    let value: Value =
        serde_json::from_str(text).map_err(|error| JcalError::Json(error.to_string()))?;
    let root = component(&value)?;
    if !root.is("VCALENDAR") {
        return Err(shape("the outermost component is no vcalendar"));
    }
    let bytes = root.to_bytes();
    Calendar::parse(&bytes, limits).map_err(JcalError::Calendar)?;
    Ok(bytes)
}

fn shape(what: impl Into<String>) -> JcalError {
    JcalError::Shape(what.into())
}

/// The name in upper case, if it can be one.
fn name(value: &Value) -> Result<String, JcalError> {
    let name = value.as_str().unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || name.len() > 255 || !name.bytes().all(allowed) {
        return Err(shape(format!("{} is no name", excerpt(value))));
    }
    Ok(name.to_ascii_uppercase())
}

fn excerpt(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

fn component(value: &Value) -> Result<Component<'static>, JcalError> {
    let Some([of, Value::Array(properties), Value::Array(components)]) =
        value.as_array().map(Vec::as_slice)
    else {
        return Err(shape(format!(
            "{} is no component: [name, [properties], [components]]",
            excerpt(value)
        )));
    };
    let mut made = Component::new(&name(of)?);
    for value in properties {
        made.add(property(value)?);
    }
    for value in components {
        made.add_component(component(value)?);
    }
    Ok(made)
}

fn property(value: &Value) -> Result<Property<'static>, JcalError> {
    let array = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let [
        of,
        Value::Object(params),
        Value::String(type_name),
        values @ ..,
    ] = array
    else {
        return Err(shape(format!(
            "{} is no property: [name, {{parameters}}, type, value]",
            excerpt(value)
        )));
    };
    let name = name(of)?;
    if name == "BEGIN" || name == "END" {
        return Err(shape(format!("{name} is no property")));
    }
    let mut head = name.clone();
    write_params(params, &mut head)?;
    let type_name = type_name.to_ascii_lowercase();
    if is_said(&name.to_ascii_lowercase(), &type_name) {
        head.push_str(";VALUE=");
        head.push_str(&self::name(&Value::String(type_name.clone()))?);
    }
    let of = Type::of(&type_name);
    let values: Vec<String> = values.iter().map(|value| written(value, of)).collect();
    Ok(Property::assembled(&head, &values.join(",")))
}

fn write_params(params: &Map<String, Value>, head: &mut String) -> Result<(), JcalError> {
    for (key, value) in params {
        let name = name(&Value::String(key.clone()))?;
        if name == "VALUE" {
            continue;
        }
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        let values: Vec<String> = values
            .iter()
            .map(|value| parameter(&plain(value)))
            .collect();
        head.push_str(&format!(";{name}={}", values.join(",")));
    }
    Ok(())
}

/// A string, number or truth value as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "TRUE".to_owned(),
        Value::Bool(false) => "FALSE".to_owned(),
        value => value.to_string(),
    }
}

/// A value as iCalendar has it.
fn written(value: &Value, of: Type) -> String {
    match (value, of) {
        (Value::Array(parts), Type::Period) => {
            let parts: Vec<String> = parts.iter().map(|part| basic(&plain(part))).collect();
            parts.join("/")
        }
        (Value::Array(parts), _) => {
            let parts: Vec<String> = parts.iter().map(|part| written(part, of)).collect();
            parts.join(";")
        }
        (Value::Object(parts), Type::Recur) => recur(parts),
        (value, Type::Date | Type::DateTime | Type::Time | Type::Period) => basic(&plain(value)),
        (value, Type::UtcOffset) => plain(value).replace(':', ""),
        (value, Type::Text) => escape_text(&plain(value)).into_owned(),
        (value, _) => plain(value),
    }
}

/// A date or time, or a period of such, without the separators. A duration stays.
fn basic(text: &str) -> String {
    let parts: Vec<String> = text
        .split('/')
        .map(|part| {
            if part.contains('P') {
                part.to_owned()
            } else {
                part.replace(['-', ':'], "")
            }
        })
        .collect();
    parts.join("/")
}

fn recur(parts: &Map<String, Value>) -> String {
    let part = |(key, value): (&String, &Value)| {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        let values: Vec<String> = values
            .iter()
            .map(|value| {
                let text = plain(value).replace([';', ',', '='], "");
                if key == "until" { basic(&text) } else { text }
            })
            .collect();
        format!("{}={}", key.to_ascii_uppercase(), values.join(","))
    };
    // "FREQ" first, as RFC 2445 asked and some still read.
    let (first, rest): (Vec<_>, Vec<_>) = parts.iter().partition(|(key, _)| *key == "freq");
    let parts: Vec<String> = first.into_iter().chain(rest).map(part).collect();
    parts.join(";")
}
