//! Methods for blobs: `Blob/copy` of RFC 8620 §6.3, the others of RFC 9404 §4.

use super::id::{BlobId, Whole};
use super::{bytes, open};
use crate::account::Account;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::json::{Object, object, strings};
use crate::mail::world::World;
use crate::sieve;
use crate::standard::map_or_null;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use module::{Blob, Error};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Types that `Blob/lookup` looks in.
pub const TYPES: [&str; 4] = ["Mailbox", "Thread", "Email", "SieveScript"];
/// Digests that `Blob/get` tells.
pub const DIGESTS: [&str; 1] = ["sha-256"];

/// `Blob/copy`: an upload stays the principal's, whichever account it is used in; what a message holds
/// becomes one.
pub fn copy(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let from = context.source_account(&mut arguments)?;
    let to = context.writable_account(&mut arguments)?;
    let ids = required("blobIds", arguments.strings("blobIds")?)?;
    arguments.finish()?;
    context.limits.check_set(ids.len())?;
    let (mut copied, mut not_copied) = (Object::new(), Object::new());
    for id in ids {
        let blob = context.blob_id(&id).ok_or(Error::NotFound);
        let copy = blob.and_then(|blob| match (&blob.whole, blob.parts.is_empty()) {
            (Whole::Upload(_), true) => open(&from, blob.whole).map(|_| blob),
            _ => keep(&bytes(&from, &blob)?),
        });
        match copy {
            Ok(copy) => copied.insert(id, copy.to_string().into()),
            Err(error) => not_copied.insert(id, SetError::from(error).into_value()),
        };
    }
    Ok(object! {
        "fromAccountId": from.id.clone(),
        "accountId": to.id.clone(),
        "copied": map_or_null(copied),
        "notCopied": map_or_null(not_copied),
    })
}

/// Keeps bytes as an upload.
fn keep(bytes: &[u8]) -> module::Result<BlobId> {
    let blob = Blob::create(bytes)?;
    blob.keep()?;
    Ok(BlobId::whole(Whole::Upload(blob.digest())))
}

/// `Blob/upload`. RFC 9404 §4.1.
pub fn upload(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.writable_account(&mut arguments)?;
    let create = required("create", arguments.map("create")?)?;
    arguments.finish()?;
    context.limits.check_set(create.len())?;
    let (mut created, mut not_created) = (Object::new(), Object::new());
    for (name, value) in create {
        let made =
            make(context, &account, &value).and_then(|bytes| Ok((keep(&bytes)?, bytes.len())));
        match made {
            Ok((id, size)) => {
                context.created_ids.insert(name.clone(), id.to_string());
                let told = object! {
                    "id": id.to_string(),
                    "type": value.get("type").cloned().unwrap_or_default(),
                    "size": size,
                };
                created.insert(name, Value::Object(told));
            }
            Err(error) => {
                not_created.insert(name, error.into_value());
            }
        }
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "created": map_or_null(created),
        "notCreated": map_or_null(not_created),
    })
}

/// The bytes that the sources of an UploadObject give together.
fn make(context: &Context, account: &Rc<Account>, upload: &Value) -> SetResult<Vec<u8>> {
    let bad = |what: &str| SetError::invalid("data", what);
    let sources = upload.get("data").and_then(Value::as_array);
    let sources = sources.ok_or_else(|| bad("this is no DataSourceObject[]"))?;
    if sources.len() as u64 > context.limits.max_data_sources {
        return Err(SetError::new("tooLarge"));
    }
    if !matches!(
        upload.get("type"),
        None | Some(Value::Null | Value::String(_))
    ) {
        return Err(SetError::invalid("type", "this is no String"));
    }
    let mut all = Vec::new();
    for source in sources {
        let text = |name: &str| source.get(name).and_then(Value::as_str);
        match (text("data:asText"), text("data:asBase64"), text("blobId")) {
            (Some(text), None, None) => all.extend(text.as_bytes()),
            (None, Some(encoded), None) => {
                let decoded = STANDARD.decode(encoded);
                all.extend(decoded.map_err(|_| bad("this is not base64"))?);
            }
            (None, None, Some(id)) => {
                let blob = context.blob_id(id);
                let blob = blob.ok_or_else(|| SetError::new("blobNotFound"))?;
                let bytes = bytes(account, &blob).map_err(|error| match error {
                    Error::NotFound => SetError::new("blobNotFound"),
                    error => error.into(),
                })?;
                let range = Range::read(source).ok_or_else(|| bad("this is no range"))?;
                all.extend(
                    range
                        .of(&bytes)
                        .0
                        .ok_or_else(|| bad("the range is not in the blob"))?,
                );
            }
            _ => return Err(bad("a source is a text, base64 or a blob")),
        }
        if all.len() as u64 > context.limits.max_size_blob_set {
            return Err(SetError::new("tooLarge"));
        }
    }
    Ok(all)
}

/// `offset` and `length`.
#[derive(Clone, Copy)]
struct Range {
    offset: usize,
    length: Option<usize>,
}

impl Range {
    fn read(object: &Value) -> Option<Self> {
        let number = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => Some(Some(usize::try_from(value.as_u64()?).ok()?)),
        };
        Some(Self {
            offset: number("offset")?.unwrap_or(0),
            length: number("length")?,
        })
    }

    /// What lies in the range, if all of it is there, and what of it is there.
    fn of<'b>(&self, bytes: &'b [u8]) -> (Option<&'b [u8]>, &'b [u8]) {
        let rest = bytes.get(self.offset..);
        let there = rest.unwrap_or_default();
        match self.length {
            None => (rest, there),
            Some(length) => (
                rest.and_then(|rest| rest.get(..length)),
                there.get(..length).unwrap_or(there),
            ),
        }
    }
}

/// `Blob/get`. RFC 9404 §4.2.
pub fn get(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let ids = required("ids", arguments.strings("ids")?)?;
    let properties = arguments.strings("properties")?;
    let properties = properties.unwrap_or_else(|| vec!["data".to_owned(), "size".to_owned()]);
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let range = Range {
        offset: arguments.unsigned("offset")?.map_or(0, number),
        length: arguments.unsigned("length")?.map(number),
    };
    arguments.finish()?;
    let known = ["id", "data", "data:asText", "data:asBase64", "size"];
    let digest = |name: &str| {
        let algorithm = name.strip_prefix("digest:");
        algorithm.is_some_and(|algorithm| DIGESTS.contains(&algorithm))
    };
    if let Some(unknown) = properties
        .iter()
        .find(|name| !known.contains(&name.as_str()) && !digest(name))
    {
        return Err(MethodError::invalid_arguments(format!(
            "a Blob has no property {unknown:?}"
        )));
    }
    context.limits.check_get(ids.len())?;
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    let mut told_bytes = 0;
    for id in ids.into_iter().collect::<BTreeSet<_>>() {
        let blob = context.blob_id(&id);
        let blob = blob.and_then(|blob| bytes(&account, &blob).ok());
        let Some(blob) = blob else {
            not_found.push(id);
            continue;
        };
        let (_, part) = range.of(&blob);
        told_bytes += part.len() as u64;
        // What fits into an answer is what fits into a request.
        if told_bytes > context.limits.max_size_request {
            return Err(MethodError::new("requestTooLarge"));
        }
        list.push(Value::Object(told(&id, &blob, range, &properties)));
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "list": list,
        "notFound": strings(not_found),
    })
}

fn told(id: &str, blob: &[u8], range: Range, properties: &[String]) -> Object {
    let mut told = object! { "id": id };
    let (whole, part) = range.of(blob);
    if whole.is_none() {
        told.insert("isTruncated".to_owned(), true.into());
    }
    for name in properties {
        let text = || std::str::from_utf8(part).ok();
        match name.as_str() {
            "size" => {
                told.insert(name.clone(), blob.len().into());
            }
            "data:asBase64" => {
                told.insert(name.clone(), STANDARD.encode(part).into());
            }
            "data:asText" => {
                told.insert(name.clone(), text().into());
                if text().is_none() {
                    told.insert("isEncodingProblem".to_owned(), true.into());
                }
            }
            "data" => match text() {
                Some(text) => {
                    told.insert("data:asText".to_owned(), text.into());
                }
                None => {
                    told.insert("data:asBase64".to_owned(), STANDARD.encode(part).into());
                    told.insert("isEncodingProblem".to_owned(), true.into());
                }
            },
            "digest:sha-256" => {
                let digest = STANDARD.encode(Sha256::digest(part));
                told.insert(name.clone(), digest.into());
            }
            _ => {}
        }
    }
    told
}

/// `Blob/lookup`. RFC 9404 §4.3.
pub fn lookup(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let types = required("typeNames", arguments.strings("typeNames")?)?;
    let ids = required("ids", arguments.strings("ids")?)?;
    arguments.finish()?;
    if let Some(unknown) = types.iter().find(|name| !TYPES.contains(&name.as_str())) {
        return Err(MethodError::described(
            "unknownDataType",
            format!("no blobs are looked up in {unknown:?}"),
        ));
    }
    context.limits.check_get(ids.len())?;
    let world = World::load(&account)?;
    let mut list = Vec::new();
    let mut not_found = Vec::new();
    for id in ids.into_iter().collect::<BTreeSet<_>>() {
        let blob = context.blob_id(&id);
        let Some(blob) = blob.filter(|blob| open(&account, blob.whole).is_ok()) else {
            not_found.push(id);
            continue;
        };
        let places = match blob.whole {
            Whole::Email(email) => world.places(email),
            Whole::Upload(_) => Vec::new(),
        };
        let mut matched = Object::new();
        for name in &types {
            if name == "SieveScript" {
                let scripts = sieve::with_blob(&account, &blob.to_string())?;
                matched.insert(name.clone(), strings(scripts));
                continue;
            }
            let found: BTreeSet<String> = places
                .iter()
                .map(|place| match name.as_str() {
                    "Mailbox" => place.shelf.id.to_string(),
                    "Thread" => place.row.thread.to_string(),
                    _ => place.row.id.to_string(),
                })
                .collect();
            matched.insert(name.clone(), strings(found));
        }
        list.push(Value::Object(object! { "id": id, "matchedIds": matched }));
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "list": list,
        "notFound": strings(not_found),
    })
}
