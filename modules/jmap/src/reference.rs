//! References to the results of earlier calls, and creation ids in arguments. RFC 8620 §3.7, §5.3.

use crate::api::Invocation;
use crate::call::Result;
use crate::error::MethodError;
use crate::json::{Object, weight};
use serde_json::Value;

/// How much the references of one request may bring in together: a call may refer to one that
/// itself refers, so without a bound fifty calls would double one value fifty times.
pub const WEIGHT_MAX: usize = 1 << 20;

/// Replaces the arguments whose names begin with `#` by what they refer to. `left` is how much
/// references may still bring in.
pub fn resolve(arguments: Object, responses: &[Invocation], left: &mut usize) -> Result<Object> {
    if !arguments.keys().any(|name| name.starts_with('#')) {
        return Ok(arguments);
    }
    let mut resolved = Object::new();
    for (name, value) in arguments {
        let (name, value) = match name.strip_prefix('#') {
            None => (name, value),
            Some(plain) => (plain.to_owned(), find(&value, responses, left)?),
        };
        if resolved.insert(name.clone(), value).is_some() {
            return Err(MethodError::invalid_arguments(format!(
                "{name:?} is there as a value and as a reference"
            )));
        }
    }
    Ok(resolved)
}

fn find(reference: &Value, responses: &[Invocation], left: &mut usize) -> Result<Value> {
    let text = |name| reference.get(name).and_then(Value::as_str);
    let (Some(result_of), Some(name), Some(path)) = (text("resultOf"), text("name"), text("path"))
    else {
        return Err(failed("a reference has resultOf, name and path".to_owned()));
    };
    let response = responses
        .iter()
        .find(|response| response.call_id == result_of)
        .ok_or_else(|| failed(format!("no call {result_of:?} has answered")))?;
    if response.name != name {
        return Err(failed(format!(
            "the answer to {result_of:?} is {:?}",
            response.name
        )));
    }
    let tokens: Vec<String> = match path.strip_prefix('/') {
        None if path.is_empty() => Vec::new(),
        None => return Err(failed(format!("{path:?} is no pointer"))),
        Some(path) => path.split('/').map(unescape).collect(),
    };
    // An answer that was not asked for by reference costs nothing, so the whole is not cloned.
    let value = match tokens.split_first() {
        None => Value::Object(response.arguments.clone()),
        Some((first, rest)) => {
            let value = response.arguments.get(first);
            let value = value.ok_or_else(|| failed(format!("{path:?} leads nowhere")))?;
            evaluate(value, rest, *left)
                .ok_or_else(|| failed(format!("{path:?} leads nowhere, or too far")))?
        }
    };
    *left = left
        .checked_sub(weight(&value))
        .ok_or_else(|| failed("references bring in too much".to_owned()))?;
    Ok(value)
}

/// Follows a pointer, with `*` for each item of an array.
fn evaluate(value: &Value, tokens: &[String], left: usize) -> Option<Value> {
    let Some((token, rest)) = tokens.split_first() else {
        return (weight(value) <= left).then(|| value.clone());
    };
    match value {
        Value::Object(members) => evaluate(members.get(token)?, rest, left),
        Value::Array(items) if token == "*" => {
            let mut all = Vec::new();
            for item in items {
                match evaluate(item, rest, left)? {
                    Value::Array(several) => all.extend(several),
                    one => all.push(one),
                }
                if all.len() > left {
                    return None;
                }
            }
            Some(Value::Array(all))
        }
        Value::Array(items) => {
            let plain = token == "0" || !token.starts_with('0');
            let index: usize = token.parse().ok().filter(|_| plain)?;
            evaluate(items.get(index)?, rest, left)
        }
        _ => None,
    }
}

/// A token of a pointer as it is meant. RFC 6901 §4.
pub fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn failed(description: String) -> MethodError {
    MethodError::described("invalidResultReference", description)
}
