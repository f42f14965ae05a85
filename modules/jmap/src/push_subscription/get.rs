//! `PushSubscription/get`. RFC 8620 §7.2.1.

use super::{all, code};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use crate::utc_date;
use serde_json::Value;

/// What may be asked for.
const PROPERTIES: [&str; 5] = [
    "id",
    "deviceClientId",
    "verificationCode",
    "expires",
    "types",
];
/// What is never told.
const SECRETS: [&str; 2] = ["url", "keys"];

/// Answers a `PushSubscription/get`.
pub fn get(_: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let ids = arguments.strings("ids")?;
    let properties = arguments.strings("properties")?;
    arguments.finish()?;
    let named = properties.iter().flatten().map(String::as_str);
    for name in named {
        if SECRETS.contains(&name) {
            return Err(MethodError::described(
                "forbidden",
                format!("{name:?} is never told"),
            ));
        }
        if !PROPERTIES.contains(&name) {
            let what = format!("PushSubscription has no property {name:?}");
            return Err(MethodError::invalid_arguments(what));
        }
    }
    let mut list = Vec::new();
    let mut found = Vec::new();
    for (endpoint, record) in all()? {
        if ids
            .as_ref()
            .is_some_and(|ids| !ids.contains(&endpoint.name))
        {
            continue;
        }
        let types = record.types.as_ref();
        let mut told = object! {
            "id": endpoint.name.clone(),
            "deviceClientId": record.device.clone(),
            "verificationCode": code(&record),
            "expires": utc_date::write(endpoint.expires),
            "types": types.map_or(Value::Null, |types| strings(types.iter().cloned())),
        };
        if let Some(names) = &properties {
            told.retain(|name, _| name == "id" || names.contains(name));
        }
        list.push(Value::Object(told));
        found.push(endpoint.name);
    }
    let mut not_found = ids.unwrap_or_default();
    not_found.retain(|id| !found.contains(id));
    not_found.dedup();
    Ok(object! { "list": list, "notFound": strings(not_found) })
}
