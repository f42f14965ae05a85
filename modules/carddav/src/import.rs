//! POST of many cards to an address book, each to become an address object: files of vCard of any
//! version, and jCard. Apple's "bulk change" draft, §3.

use dav::method::import::{self, Elements, Part};
use dav::{Context, Error, Resource, Response};
use vcard::{Card, Limits, Version, convert, jcard};
use xml::Name;

use crate::address_data;
use crate::namespace::CALENDARSERVER;
use crate::object_rules::invalid;
use crate::precondition::SUPPORTED_ADDRESS_DATA;
use crate::representation::{Form, VCARD};

/// The longest body of an import in bytes.
const IMPORT_LEN_MAX: u64 = 25 << 20;

/// Answers POST to an address book.
pub(crate) fn post(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(book) = resource else {
        return Ok(None);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    let form = Form::of(media_type, None).ok_or_else(|| SUPPORTED_ADDRESS_DATA.error())?;
    let body = ctx.read_body(IMPORT_LEN_MAX)?;
    let limits = Limits {
        bytes: IMPORT_LEN_MAX as usize,
        ..Limits::DEFAULT
    };
    let parts = match form {
        Form::Jcard => {
            let cards = jcard::read(&body, &limits).map_err(invalid)?;
            let parts = cards.into_iter().map(|card| part_of_jcard(ctx, card));
            parts.collect::<Result<Vec<_>, Error>>()?
        }
        Form::Stored | Form::Vcard(_) => Card::parse_all(&body, &limits)
            .map(|card| part(ctx, &card.map_err(invalid)?))
            .collect::<Result<Vec<_>, Error>>()?,
    };
    let elements = Elements {
        uid: Name::new(CALENDARSERVER, "uid"),
        data: address_data::NAME,
    };
    // Whatever came in is vCard by now.
    import::run(ctx, book, parts, VCARD, &elements).map(Some)
}

fn part_of_jcard(ctx: &Context<'_>, card: Vec<u8>) -> Result<Part, Error> {
    part(ctx, &Card::parse(&card, &Limits::DEFAULT).map_err(invalid)?)
}

/// One card of a file. vCard 2.1 becomes 3.0, and one without a UID gets one: files are exported
/// by programs that have none.
fn part(ctx: &Context<'_>, card: &Card<'_>) -> Result<Part, Error> {
    let mut body = match card.version() {
        Version::V2_1 => convert(card, Version::V3_0).map_err(invalid)?,
        Version::V3_0 | Version::V4_0 => trim(card.bytes()).to_vec(),
    };
    let uid = match card.object_uid().filter(|uid| !uid.is_empty()) {
        Some(uid) => uid,
        None => {
            let uid = ctx.uuid();
            add_uid(&mut body, &uid);
            uid
        }
    };
    Ok(Part { uid, body })
}

/// A card without the empty lines before it.
fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    start
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default()
}

/// Adds a UID before the last line.
fn add_uid(body: &mut Vec<u8>, uid: &str) {
    let end = body.trim_ascii_end().len();
    let line = body.get(..end).unwrap_or_default();
    let start = line.iter().rposition(|byte| *byte == b'\n');
    let start = start.map_or(0, |at| at + 1);
    let line = format!("UID:urn:uuid:{uid}\r\n");
    body.splice(start..start, line.into_bytes());
}
