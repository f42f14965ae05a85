//! `PushSubscription/set`. RFC 8620 §7.2.2.

use super::{Record, all};
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{SetError, SetResult, check_properties};
use crate::id;
use crate::json::{Object, object};
use crate::push::{Known, Seen, look};
use crate::standard::{Done, Operation, operations, outcome};
use crate::utc_date;
use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::{alphabet, engine::DecodePaddingMode};
use module::{Endpoint, EndpointKeys, EndpointTarget, Error, Instant};
use serde_json::Value;
use std::collections::BTreeSet;

/// How long a subscription lasts at most, and if the client does not say: passwords have no end of
/// their own, and RFC 8620 §7.2 wants 7 days at least then.
const LIFE_MS_MAX: i64 = 7 * 86_400_000;
/// Bytes of a `deviceClientId`.
const DEVICE_LEN_MAX: usize = 255;
/// How many types may be named, and how long each name may be.
const TYPES_MAX: usize = 32;
const TYPE_LEN_MAX: usize = 64;
/// How often an update is tried again when the host has changed the same one.
const CONFLICTS_MAX: usize = 4;
/// Keys come with padding and without. RFC 4648 §5.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Answers a `PushSubscription/set`.
pub fn set(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let operations = operations(&mut arguments, &context.limits)?;
    arguments.finish()?;
    let gone: BTreeSet<String> = operations
        .iter()
        .filter_map(|operation| match operation {
            Operation::Destroy(id) => Some(id.clone()),
            _ => None,
        })
        .collect();
    let mut results = Vec::with_capacity(operations.len());
    for operation in &operations {
        results.push(match operation {
            Operation::Create(name, object) => {
                let created = create(context, object);
                if let Ok(done) = &created {
                    context.created_ids.insert(name.clone(), done.id.clone());
                }
                created
            }
            Operation::Update(id, _) if gone.contains(id) => Err(SetError::new("willDestroy")),
            Operation::Update(id, patch) => update(context, id, patch),
            Operation::Destroy(id) => destroy(context, id),
        });
    }
    Ok(outcome(context, operations, results))
}

fn create(context: &mut Context, object: &Object) -> SetResult<Done> {
    let record = record(object)?;
    let target = target(object)?;
    let expires = expires(context, object.get("expires"))?;
    let id = id::random('P')?;
    let verification = object! {
        "@type": "PushVerification",
        "pushSubscriptionId": id.clone(),
        "verificationCode": record.code.clone(),
    };
    let endpoint = Endpoint {
        name: id.clone(),
        // RFC 8620 §7.2: no "further requests to the URL until the client […] updates the
        // subscription with the correct verification code".
        topics: Vec::new(),
        token: record.write(),
        expires,
        version: 0,
    };
    let verification = Value::Object(verification).to_string();
    let made = endpoint.create(&target, verification.as_bytes());
    made.map_err(|error| match error {
        Error::Invalid(reason) => SetError::invalid("url", reason),
        Error::TooLarge(_) => SetError::invalid("url", "it is too long"),
        other => other.into(),
    })?;
    // What the client has left out, and what became of what it has said.
    let mut told = object! { "expires": utc_date::write(expires) };
    for name in ["keys", "verificationCode", "types"] {
        if !object.contains_key(name) {
            told.insert(name.to_owned(), Value::Null);
        }
    }
    Ok(Done { id, told })
}

/// What is known of a new subscription; the client is still to be told the code.
fn record(object: &Object) -> SetResult<Record> {
    let known = [
        "deviceClientId",
        "url",
        "keys",
        "verificationCode",
        "expires",
        "types",
    ];
    check_properties(
        object,
        |name, _| known.contains(&name),
        "these can't be set",
    )?;
    if object
        .get("verificationCode")
        .is_some_and(|code| !code.is_null())
    {
        let what = "the server makes it, and sends it to the URL";
        return Err(SetError::invalid("verificationCode", what));
    }
    let device = object.get("deviceClientId").and_then(Value::as_str);
    let device = device.filter(|device| (1..=DEVICE_LEN_MAX).contains(&device.len()));
    let device = device
        .ok_or_else(|| SetError::invalid("deviceClientId", "a String of 1 to 255 bytes, please"))?;
    Ok(Record {
        device: device.to_owned(),
        code: format!("{:032x}", id::random_bits()?),
        verified: false,
        types: types(object.get("types"))?,
        known: Known::default(),
    })
}

/// Where what the client is told is posted to.
fn target(object: &Object) -> SetResult<EndpointTarget> {
    let url = object.get("url").and_then(Value::as_str);
    let url = url.filter(|url| url.starts_with("https://"));
    let url = url.ok_or_else(|| SetError::invalid("url", "it begins with https://"))?;
    let given = object.get("keys").filter(|value| !value.is_null());
    Ok(EndpointTarget {
        url: url.to_owned(),
        content_type: "application/json".to_owned(),
        keys: given.map(keys).transpose()?,
    })
}

fn update(context: &mut Context, id: &str, patch: &Object) -> SetResult<Done> {
    let not_found = || SetError::new("notFound");
    let id = context.real_id(id).ok_or_else(not_found)?.to_owned();
    for _ in 0..CONFLICTS_MAX {
        let mut known = all()?.into_iter();
        let found = known.find(|(endpoint, _)| endpoint.name == id);
        let (mut endpoint, mut record) = found.ok_or_else(not_found)?;
        let told = apply(context, patch, &mut endpoint, &mut record)?;
        if record.verified {
            let mut seen = look(context).map_err(|_| SetError::new("serverUnavailable"))?;
            watch(&mut record, &mut seen);
            endpoint.topics = seen.topics;
        }
        endpoint.token = record.write();
        match endpoint.update() {
            Ok(()) => return Ok(Done { id, told }),
            // It was told of a change just now, or another client of the device is here.
            Err(Error::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(SetError::new("serverUnavailable"))
}

/// Changes what a patch names; returns what the client does not expect.
fn apply(
    context: &Context,
    patch: &Object,
    endpoint: &mut Endpoint,
    record: &mut Record,
) -> SetResult<Object> {
    let mut told = Object::new();
    for (name, value) in patch {
        match name.as_str() {
            "expires" => {
                endpoint.expires = expires(context, Some(value))?;
                let set = Value::from(utc_date::write(endpoint.expires));
                if set != *value {
                    told.insert(name.clone(), set);
                }
            }
            "types" => record.types = types(Some(value))?,
            "verificationCode" if *value == super::code(record) => {}
            "verificationCode" if value.as_str() == Some(&record.code) => record.verified = true,
            "verificationCode" => {
                let what = "this is not the code that was sent";
                return Err(SetError::invalid(name, what));
            }
            "id" if value.as_str() == Some(&endpoint.name) => {}
            "deviceClientId" if value.as_str() == Some(&record.device) => {}
            _ => {
                let what = "it can't be changed: destroy the subscription and create another";
                return Err(SetError::invalid(name, what));
            }
        }
    }
    Ok(told)
}

/// Lets a subscription watch all that there is now. What it watched already is known as it was;
/// of the rest, what is there now is known.
fn watch(record: &mut Record, seen: &mut Seen) {
    let mut known = Known::of(&seen.states);
    known.keep(&record.known);
    record.begin(seen, known);
}

fn destroy(context: &Context, id: &str) -> SetResult<Done> {
    let not_found = || SetError::new("notFound");
    let id = context.real_id(id).ok_or_else(not_found)?;
    match Endpoint::remove(id)? {
        true => Ok(Done::default()),
        false => Err(not_found()),
    }
}

/// Reads `expires`: bounded, and the bound if there is none.
fn expires(context: &Context, value: Option<&Value>) -> SetResult<Instant> {
    let latest = context.now.saturating_add(LIFE_MS_MAX);
    // To the second, as it is told.
    let latest = latest - latest.rem_euclid(1000);
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(latest);
    };
    let expires = value.as_str().and_then(utc_date::parse);
    let expires = expires.ok_or_else(|| SetError::invalid("expires", "this is no UTCDate"))?;
    match expires > context.now {
        true => Ok(expires.min(latest)),
        false => Err(SetError::invalid("expires", "this time has passed")),
    }
}

/// Reads `types`.
fn types(value: Option<&Value>) -> SetResult<Option<Vec<String>>> {
    let wrong = || SetError::invalid("types", "null, or a String[] of at most 32 names of types");
    let items = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_array().ok_or_else(wrong)?,
    };
    let name = |item: &Value| {
        let name = item.as_str().filter(|name| name.len() <= TYPE_LEN_MAX);
        name.map(str::to_owned).ok_or_else(wrong)
    };
    match items.len() <= TYPES_MAX {
        true => items.iter().map(name).collect::<SetResult<_>>().map(Some),
        false => Err(wrong()),
    }
}

/// Reads `keys`. RFC 8620 §7.2.
fn keys(value: &Value) -> SetResult<EndpointKeys> {
    let wrong = || {
        let what = "p256dh is a point of P-256 and auth a secret of 16 bytes, in URL-safe base64";
        SetError::invalid("keys", what)
    };
    let bytes = |name: &str| {
        let text = value.get(name).and_then(Value::as_str).ok_or_else(wrong)?;
        BASE64.decode(text).map_err(|_| wrong())
    };
    let keys = EndpointKeys {
        public_key: bytes("p256dh")?,
        auth_secret: bytes("auth")?,
    };
    let is_point = keys.public_key.len() == 65 && keys.public_key.first() == Some(&4);
    match is_point && keys.auth_secret.len() == 16 {
        true => Ok(keys),
        false => Err(wrong()),
    }
}
