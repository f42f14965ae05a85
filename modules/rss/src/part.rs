//! A part of a message, decoded, or all of it.

use crate::problem::Problem;
use crate::{is_known, stream};
use mail::{Limits, Message, Part as MailPart};
use module::query::percent_encode;
use module::{Answer, Blob, Mailbox, Part, Request, Response, ResponseBody, Uid};

/// How much of a message is taken apart, in bytes. A part that begins in it may end anywhere.
const SIZE_MAX: u64 = 8 << 20;

/// What a read of a blob may have.
const READ_MAX: u32 = 8 << 20;

/// The part that is all of a message, as it came.
const WHOLE: &str = "0";

/// Answers with a part. What it says of itself is a stranger's word: browsers show of it only what can
/// do nothing, and save the rest.
pub(crate) fn answer(
    request: &Request,
    mailbox: &Mailbox,
    uid: Uid,
    section: &str,
) -> Result<Answer, Problem> {
    let blob = mailbox.open_message(uid, Part::Whole)?;
    let id = mailbox.status()?.id;
    let etag = format!("\"{id}-{uid}-{}\"", token(section));
    let mut response = Response::new(200)
        .header("content-security-policy", "default-src 'none'; sandbox")
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        // Messages never change.
        .header("cache-control", "private, max-age=31536000, immutable")
        .header("vary", "authorization");
    response.etag = Some(etag.clone());
    if section == WHOLE {
        // Text that nothing in it makes anything else.
        let mut response = response.header("content-type", "text/plain; charset=utf-8");
        response.body = ResponseBody::Blob(blob);
        return Ok(response.into());
    }
    let bytes = read(&blob)?;
    let message = Message::parse(&bytes, &Limits::default());
    let is_cut = (bytes.len() as u64) < blob.size();
    let part = message.part(section).ok_or(match is_cut {
        true => Problem::TooLarge,
        false => Problem::NotFound,
    })?;
    let response = response.header("content-disposition", disposition(part));
    let type_ = content_type(part);
    if is_cut && part.range.end >= bytes.len() {
        let response = response.header("content-type", type_);
        return match request.method.as_str() {
            "HEAD" => Ok(response.into()),
            // The host does not look at conditions on what is written piece by piece.
            _ if is_known(request, &etag) => Ok(Response {
                status: 304,
                ..response
            }
            .into()),
            _ => {
                let response = response.header("etag", etag);
                stream::write(&blob, part, message.boundaries(part), &response.headers)
            }
        };
    }
    Ok(response.body(&type_, part.decoded().into_owned()).into())
}

/// What browsers are to do with a part: RFC 6266 §4.1, RFC 8187.
fn disposition(part: &MailPart<'_>) -> String {
    let disposition = match is_harmless(&part.type_) {
        true => "inline",
        false => "attachment",
    };
    match part.name() {
        Some(name) => {
            let mut encoded = String::new();
            percent_encode(&mut encoded, name);
            format!("{disposition}; filename*=UTF-8''{encoded}")
        }
        None => disposition.to_owned(),
    }
}

fn content_type(part: &MailPart<'_>) -> String {
    match part.charset().map(token) {
        Some(charset) if part.type_.starts_with("text/") && !charset.is_empty() => {
            format!("{}; charset={charset}", media_type(&part.type_))
        }
        _ => media_type(&part.type_).to_owned(),
    }
}

/// All of a message, or as much of it as is taken apart.
pub(crate) fn read(blob: &Blob) -> Result<Vec<u8>, Problem> {
    let size = blob.size().min(SIZE_MAX);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    while (bytes.len() as u64) < size {
        let piece = blob.read(bytes.len() as u64, READ_MAX)?;
        if piece.is_empty() {
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Types that browsers show without running anything. SVG is none of them.
fn is_harmless(type_: &str) -> bool {
    let is_media = ["image/", "audio/", "video/"]
        .iter()
        .any(|kind| type_.starts_with(kind));
    type_ == "text/plain" || (is_media && !type_.contains("svg") && !type_.contains("xml"))
}

/// A media type that can be written in a header field.
fn media_type(type_: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_!#$&^".contains(&byte);
    match type_.bytes().all(is_plain) && type_.len() <= 255 {
        true => type_,
        false => "application/octet-stream",
    }
}

/// What of a text may stand in a token.
fn token(text: &str) -> String {
    let is_plain = |char: &char| char.is_ascii_alphanumeric() || ".-_:+".contains(*char);
    text.chars().filter(is_plain).take(64).collect()
}
