//! In which form a card is given: as it is stored, in the other version of vCard, or as jCard.
//! RFC 6352 §5.1.1, RFC 7095.

use crate::directory::DIRECTORY;
use dav::request::ResponseBody;
use dav::{Context, Error, Resource, Response};
use vcard::{Card, Limits, Version, convert, jcard};

/// The media type of vCard. RFC 6350 §10.1.
pub(crate) const VCARD: &str = "text/vcard";

/// The media type of jCard. RFC 7095 §6.
pub(crate) const JCARD: &str = "application/vcard+json";

/// How a client wants cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are stored.
    Stored,
    /// In this version.
    Vcard(Version),
    /// As jCard.
    Jcard,
}

impl Form {
    /// The form that a media type and a version mean; none if cards cannot be given so.
    pub(crate) fn of(media_type: &str, version: Option<&str>) -> Option<Form> {
        let is = |known: &str| media_type.trim().eq_ignore_ascii_case(known);
        if is(JCARD) {
            let known = version.is_none_or(|version| version.trim() == "4.0");
            return known.then_some(Form::Jcard);
        }
        // The older names of the same. RFC 6350 §10.1, RFC 2426 §6.
        if !is(VCARD) && !is("text/x-vcard") && !is("text/directory") {
            return None;
        }
        match version.map(Version::from_name) {
            None => Some(Form::Stored),
            Some(Some(version @ (Version::V3_0 | Version::V4_0))) => Some(Form::Vcard(version)),
            Some(_) => None,
        }
    }

    /// The form that a client prefers by its `Accept`. RFC 9110 §12.5.1.
    ///
    /// Deviation: one that accepts nothing of this is given what is stored: it may be right, and
    /// 406 never is.
    pub(crate) fn accepted(ctx: &Context<'_>) -> Form {
        let accept = ctx.header("Accept").unwrap_or_default();
        let mut best: Option<(f32, Form)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';');
            let media_type = parts.next().unwrap_or_default();
            let mut quality = 1.0;
            let mut version = None;
            for part in parts {
                let Some((name, value)) = part.split_once('=') else {
                    continue;
                };
                let value = value.trim().trim_matches('"');
                match name.trim().to_ascii_lowercase().as_str() {
                    "q" => quality = value.parse().unwrap_or(0.0),
                    "version" => version = Some(value),
                    _ => {}
                }
            }
            let form = match media_type.trim() {
                "*/*" | "text/*" => Some(Form::Stored),
                media_type => Form::of(media_type, version),
            };
            let better = best.is_none_or(|(known, _)| quality > known) && quality > 0.0;
            if let (true, Some(form)) = (better, form) {
                best = Some((quality, form));
            }
        }
        best.map_or(Form::Stored, |(_, form)| form)
    }

    /// The media type, as a header has it.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Form::Stored => "text/vcard; charset=utf-8",
            Form::Vcard(Version::V4_0) => "text/vcard; version=4.0; charset=utf-8",
            Form::Vcard(_) => "text/vcard; version=3.0; charset=utf-8",
            Form::Jcard => JCARD,
        }
    }

    /// A card in this form. None if it is stored in it already.
    ///
    /// What others stored and cannot be read is given as it is.
    pub(crate) fn of_card(self, stored: &[u8]) -> Option<Vec<u8>> {
        match self {
            Form::Stored => return None,
            Form::Vcard(version) if vcard::version_of(stored) == version => return None,
            Form::Vcard(_) | Form::Jcard => {}
        }
        let card = Card::parse(stored, &Limits::DEFAULT).ok()?;
        match self {
            Form::Vcard(version) => convert(&card, version).ok(),
            _ => jcard::write(&card).ok().map(String::into_bytes),
        }
    }
}

/// Answers GET and HEAD of an address object, in the form that the client prefers.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Member(collection, member) = resource else {
        return Ok(None);
    };
    let form = Form::accepted(ctx);
    let mut response = dav::method::get::member_response(collection, member);
    response.set("Vary", "Accept");
    // A browser must not take what a stranger wrote for a page.
    response.set("X-Content-Type-Options", "nosniff");
    let is_stored = collection.kind != DIRECTORY;
    if form == Form::Stored && is_stored {
        return Ok(Some(response));
    }
    let stored = ctx.store.read(collection, member)?;
    let Some(body) = form.of_card(&stored) else {
        // The host has the bytes, unless they were made for the occasion.
        if !is_stored {
            response.body = ResponseBody::Bytes(stored);
        }
        return Ok(Some(response));
    };
    response.set("Content-Type", form.content_type());
    // The entity tag stays that of the object, a strong one: RFC 6352 §6.3.2.3 wants it so, whatever
    // form was negotiated, and clients give it back as a condition.
    response.body = ResponseBody::Bytes(body);
    Ok(Some(response))
}
