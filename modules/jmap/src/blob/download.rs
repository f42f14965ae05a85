//! Downloading: `GET /jmap/download/{accountId}/{blobId}/{name}?type=`. RFC 8620 §6.2.

use super::id::BlobId;
use crate::account::Account;
use crate::problem::Problem;
use module::query::{Parameters, percent_decode, percent_encode};
use module::{Identity, Request, Response, ResponseBody};
use std::rc::Rc;

/// Answers a GET; `path` is what stands behind `/download/`.
pub fn handle(request: &Request, path: &str) -> Result<Response, Problem> {
    let mut parts = path.splitn(3, '/').map(percent_decode);
    let (Some(Some(account)), Some(Some(blob)), Some(Some(name))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(Problem::NotFound(
            "a download has an account, a blob and a name",
        ));
    };
    let malformed = |error: String| Problem::Malformed(error);
    let parameters = Parameters::of(request).map_err(|error| malformed(error.to_string()))?;
    let type_ = parameters.one("type").and_then(|type_| match type_ {
        Some(type_) => Ok(Some(type_)),
        // What Cyrus calls it.
        None => parameters.one("accept"),
    });
    let type_ = type_.map_err(|error| malformed(error.to_string()))?;
    let type_ = match type_ {
        None | Some("") => "application/octet-stream",
        Some(type_) if is_media_type(type_) => type_,
        Some(_) => return Err(malformed("the type is no media type".to_owned())),
    };
    let missing = Problem::NotFound("no such account or blob");
    let account = Account::load(&Identity::current(), &account)?.ok_or(missing.clone())?;
    let id = BlobId::parse(&blob).ok_or(missing)?;
    let account = Rc::new(account);
    let body = match id.parts.is_empty() {
        true => ResponseBody::Blob(super::open(&account, id.whole)?),
        false => ResponseBody::Bytes(super::bytes(&account, &id)?),
    };
    let mut response = Response::new(200)
        .header("content-type", type_)
        .header("content-disposition", disposition(&name))
        .header("cache-control", "private, immutable, max-age=31536000")
        // What a stranger has sent must not run as a page of this server.
        .header("content-security-policy", "sandbox; default-src 'none'")
        .header("x-content-type-options", "nosniff");
    response.etag = Some(format!("\"{blob}\""));
    response.body = body;
    Ok(response)
}

/// Whether a text may be the value of Content-Type. RFC 9110 §8.3.1.
fn is_media_type(text: &str) -> bool {
    let token = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_type = essence
        .trim()
        .split_once('/')
        .is_some_and(|(type_, subtype)| token(type_) && token(subtype));
    is_type
        && parameters
            .chars()
            .all(|c| c.is_ascii() && !c.is_ascii_control())
}

/// Content-Disposition with a name. RFC 6266 §4.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            ' '..='~' if !matches!(c, '"' | '\\' | '%') => c,
            _ => '_',
        })
        .collect();
    let mut value = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        value.push_str("; filename*=UTF-8''");
        percent_encode(&mut value, name);
    }
    value
}
