//! Uploading: `POST /jmap/upload/{accountId}/`. RFC 8620 §6.1.

use super::id::{BlobId, Whole};
use crate::account::Account;
use crate::json::object;
use crate::limits::Limits;
use crate::problem::Problem;
use module::{Blob, Error, Identity, Request, Response, Scope};
use serde_json::Value;

/// How long an upload is kept that nothing refers to, in milliseconds: what is told, the host may
/// keep it longer.
const KEPT_MS: i64 = 24 * 3600 * 1000;

/// Answers a POST; `account` is what stands behind `/upload/`.
pub fn handle(request: Request, account: &str) -> Result<Response, Problem> {
    let identity = Identity::current();
    if identity.scope.contains(Scope::READ_ONLY) {
        return Err(Problem::Forbidden);
    }
    let account = Account::load(&identity, account)?.ok_or(Problem::NotFound("no such account"))?;
    let limit = Limits::load().max_size_upload;
    let type_ = match request.headers.get("content-type") {
        Some(type_) if !type_.is_empty() => type_.to_owned(),
        _ => "application/octet-stream".to_owned(),
    };
    let blob = match request.body {
        None => Blob::create(&[]),
        Some(body) if body.length().is_some_and(|length| length > limit) => {
            return Err(Problem::TooLarge(limit));
        }
        Some(body) => Blob::ingest(body, Some(limit)),
    };
    let blob = blob.and_then(|blob| blob.keep().map(|()| blob));
    let blob = blob.map_err(|error| match error {
        Error::TooLarge(limit) => Problem::TooLarge(limit),
        error => error.into(),
    })?;
    let id = BlobId::whole(Whole::Upload(blob.digest()));
    let expires = mail::Date::from_seconds((request.received + KEPT_MS).div_euclid(1000));
    let told = object! {
        "accountId": account.id.clone(),
        "blobId": id.to_string(),
        "type": type_,
        "size": blob.size(),
        "expires": expires.map(|date| date.to_rfc3339()),
    };
    Ok(Response::new(201)
        .header("cache-control", "no-store")
        .body("application/json", Value::Object(told).to_string()))
}
