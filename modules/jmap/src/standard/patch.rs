//! Patches of objects. RFC 8620 §5.3.

use crate::error::{SetError, SetResult};
use crate::json::Object;
use crate::reference::unescape;
use serde_json::Value;

/// The object that a patch makes of this one. A null takes a property away, or sets the default
/// that `default` has for it.
pub fn apply(
    object: &Object,
    patch: &Object,
    default: impl Fn(&str) -> Option<Value>,
) -> SetResult<Object> {
    let mut paths: Vec<(Vec<String>, &Value)> = patch
        .iter()
        .map(|(pointer, value)| (pointer.split('/').map(unescape).collect(), value))
        .collect();
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    // Sorted, what begins with another follows it, at the latest after what also begins with it.
    let clash = paths
        .windows(2)
        .any(|pair| matches!(pair, [(a, _), (b, _)] if b.starts_with(a)));
    if clash {
        return Err(invalid("one path is within another"));
    }
    let mut patched = object.clone();
    for (path, value) in paths {
        let (last, above) = path.split_last().ok_or_else(|| invalid("an empty path"))?;
        let mut parent = &mut patched;
        for name in above {
            parent = match parent.get_mut(name) {
                Some(Value::Object(inner)) => inner,
                _ => {
                    return Err(invalid(&format!(
                        "there is no {name:?} to be changed within"
                    )));
                }
            };
        }
        let value = match value {
            Value::Null if above.is_empty() => default(last),
            Value::Null => None,
            value => Some(value.clone()),
        };
        match value {
            Some(value) => parent.insert(last.clone(), value),
            None => parent.remove(last),
        };
    }
    Ok(patched)
}

/// The names of properties that one object has otherwise than the other, or not at all.
pub fn changed<'a>(before: &'a Object, after: &'a Object) -> Vec<&'a str> {
    let names = before.keys().chain(after.keys());
    let mut changed: Vec<&str> = names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(String::as_str)
        .collect();
    changed.sort_unstable();
    changed.dedup();
    changed
}

fn invalid(description: &str) -> SetError {
    SetError::described("invalidPatch", description)
}
