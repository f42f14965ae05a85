//! `CARDDAV:address-data`: what of a card a report returns, and in which form. RFC 6352 §10.4.

use dav::{Error, Fields, Live, On, Read, Reading, Subject, Value};
use vcard::{Selected, Selection, Version};
use xml::{Element, Name, Writer};

use crate::namespace::CARDDAV;
use crate::precondition::SUPPORTED_ADDRESS_DATA;
use crate::profile::BOOKS;
use crate::properties::BASE;
use crate::representation::{Form, VCARD};

/// How many properties of cards a report may name: each is looked for in each card.
const PROPERTIES_MAX: usize = 200;

pub(crate) const NAME: Name = Name::new(CARDDAV, "address-data");

/// "Not a WebDAV property and, as such, not returned in PROPFIND": reports alone have it.
pub(crate) static ADDRESS_DATA: Live = Live {
    name: &NAME,
    on: On::members_of(BOOKS),
    fields: Fields::BODY,
    read: Read::With(read),
    ..BASE
};

fn read(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Member(_, member) = reading.subject else {
        return Ok(Value::Missing);
    };
    if reading.ctx.method != "REPORT" {
        return Ok(Value::Missing);
    }
    let body = member.body.as_deref().unwrap_or_default();
    let wanted = Wanted::parse(reading.request)?;
    let converted = wanted.form.of_card(body);
    let card = converted.as_deref().unwrap_or(body);
    if let Some((media_type, version)) = wanted.said {
        out.attribute("content-type", media_type);
        out.attribute("version", version.name());
    }
    match wanted.selection.filter(|_| wanted.form != Form::Jcard) {
        Some(selection) => write(out, &selection.apply(card)),
        None => write(out, card),
    }
    Ok(Value::Written)
}

fn write(out: &mut Writer, card: &[u8]) {
    match std::str::from_utf8(card) {
        Ok(text) => out.text(text),
        Err(_) => out.text(&String::from_utf8_lossy(card)),
    }
}

/// What a client asks for.
struct Wanted<'e> {
    form: Form,
    /// What was said of the form, to be said again of the answer. RFC 6352 §10.4.
    said: Option<(&'e str, Version)>,
    /// None for all properties.
    selection: Option<Selection>,
}

impl<'e> Wanted<'e> {
    /// Reads the element that a report asks with.
    ///
    /// RFC 6352 §10.4 has 3.0 as the version of what says none: programs that know no other say
    /// nothing, and those that know 4.0 say so.
    fn parse(element: Option<&'e Element>) -> Result<Self, Error> {
        let Some(element) = element else {
            return Ok(Self {
                form: Form::Vcard(Version::V3_0),
                said: None,
                selection: None,
            });
        };
        let media_type = element.attribute("content-type");
        let version = element.attribute("version");
        let form = match (media_type.unwrap_or(VCARD), version) {
            (VCARD, None) => Some(Form::Vcard(Version::V3_0)),
            (media_type, version) => Form::of(media_type, version),
        };
        let form = match form.ok_or_else(|| SUPPORTED_ADDRESS_DATA.error())? {
            Form::Stored => Form::Vcard(Version::V3_0),
            form => form,
        };
        if element.children.len() > PROPERTIES_MAX {
            let why = format!("address-data names more than {PROPERTIES_MAX} properties");
            return Err(Error::BadRequest(why));
        }
        let is_said = media_type.is_some() || version.is_some();
        let version = match form {
            Form::Vcard(version) => version,
            Form::Stored | Form::Jcard => Version::V4_0,
        };
        let said = is_said.then_some((media_type.unwrap_or(VCARD), version));
        Ok(Self {
            form,
            said,
            selection: selection(element),
        })
    }
}

/// RFC 6352 §10.4.1, §10.4.2. Without either, all properties are meant.
fn selection(element: &Element) -> Option<Selection> {
    let named: Vec<Selected> = element
        .find_all(CARDDAV, "prop")
        .filter_map(|prop| {
            let without_value = prop.attribute("novalue") == Some("yes");
            Some(Selected::new(prop.attribute("name")?, without_value))
        })
        .collect();
    (!named.is_empty()).then_some(Selection { properties: named })
}

/// Fails if a report asks for a form that cannot be given: before anything is answered.
pub(crate) fn check(elements: &[Element]) -> Result<(), Error> {
    match elements.iter().find(|element| element.name == NAME) {
        Some(element) => Wanted::parse(Some(element)).map(|_| ()),
        None => Ok(()),
    }
}
