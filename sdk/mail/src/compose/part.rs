//! Parts from EmailBodyPart objects: RFC 8621 §4.6.

use super::ComposeError;
use super::fields::{Fields, Owner};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use serde_json::{Map, Value as Json};

/// How deep parts may lie in one another.
const DEPTH_MAX: usize = 32;

/// How many parts there may be.
const PARTS_MAX: usize = 1000;

/// Reads parts, and what they are made of.
pub(super) struct Parts<'a> {
    values: Option<&'a Map<String, Json>>,
    blob: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
    size_max: usize,
    size: usize,
    count: usize,
    missing: Vec<String>,
}

/// An EmailBodyPart, and the property of the Email that it is in.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) part: &'a Map<String, Json>,
    pub(super) place: &'static str,
    /// It is an attachment unless it says something else.
    is_attached: bool,
}

impl<'a> Given<'a> {
    pub(super) fn new(part: &'a Json, place: &'static str) -> Result<Self, ComposeError> {
        match part {
            Json::Object(part) => Ok(Self {
                part,
                place,
                is_attached: false,
            }),
            _ => Err(ComposeError::invalid(
                place,
                "a part must be an EmailBodyPart",
            )),
        }
    }

    /// The same as a file next to the text: without a word of its own about it, a picture would be
    /// read as a part of the text (RFC 8621 §4.1.4), and not be an attachment any more.
    pub(super) fn attached(self) -> Self {
        let is_attached = !self.has_field("content-disposition");
        Self {
            is_attached,
            ..self
        }
    }

    /// Whether a header field is given as itself.
    fn has_field(&self, name: &str) -> bool {
        self.part.keys().any(|property| {
            let field = property.strip_prefix("header:").unwrap_or_default();
            let field = field.split(':').next().unwrap_or_default();
            field.eq_ignore_ascii_case(name)
        })
    }

    pub(super) fn invalid(&self, description: impl Into<String>) -> ComposeError {
        ComposeError::invalid(self.place, description)
    }

    /// A property that is a string; none if it is null or left out.
    pub(super) fn text(&self, property: &str) -> Result<Option<&'a str>, ComposeError> {
        match self.part.get(property) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) if !text.contains(char::is_control) => Ok(Some(text)),
            Some(_) => Err(self.invalid(format!("{property} of a part must be a line of text"))),
        }
    }

    /// Its media type, in lower case.
    pub(super) fn type_(&self) -> Result<String, ComposeError> {
        let type_ = self
            .text("type")?
            .unwrap_or("text/plain")
            .to_ascii_lowercase();
        // RFC 2045 §5.1.
        let is_token = |text: &str| {
            let is_special = |char| "()<>@,;:\\\"/[]?=".contains(char);
            !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !is_special(c))
        };
        match type_.split_once('/') {
            Some((main, sub)) if is_token(main) && is_token(sub) => Ok(type_),
            _ => Err(self.invalid("type of a part must be a media type")),
        }
    }
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        email: &'a Map<String, Json>,
        blob: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
        size_max: usize,
    ) -> Self {
        Self {
            values: email.get("bodyValues").and_then(Json::as_object),
            blob,
            size_max,
            size: 0,
            count: 0,
            missing: Vec::new(),
        }
    }

    /// That blobs were not there, if so.
    pub(super) fn missing(&mut self) -> Option<ComposeError> {
        let not_found = std::mem::take(&mut self.missing);
        (!not_found.is_empty()).then_some(ComposeError::BlobNotFound { not_found })
    }

    /// Reads a part, which has none of these header fields.
    pub(super) fn read(
        &mut self,
        given: Given<'a>,
        taken: &Fields,
        depth: usize,
    ) -> Result<MimePart<'static>, ComposeError> {
        self.count += 1;
        if depth >= DEPTH_MAX || self.count > PARTS_MAX {
            return Err(given.invalid("the parts are too many, or too deep in one another"));
        }
        let type_ = given.type_()?;
        let is_multipart = type_.starts_with("multipart/");
        let fields = fields(&given, &type_)?;
        if let Some(name) = fields.names().find(|name| taken.has(name)) {
            let description = format!("the header field {name} is the Email's already");
            return Err(given.invalid(description));
        }
        let (contents, encoding) = match is_multipart {
            true => (self.sub_parts(given, depth)?, None),
            false => self.contents(given, &type_)?,
        };
        let mut part = MimePart::raw(contents);
        part.headers = fields
            .into_headers()
            .into_iter()
            .map(|(n, v)| (n.into(), v))
            .collect();
        Ok(match encoding {
            Some(encoding) => part.transfer_encoding(encoding),
            None => part,
        })
    }

    fn sub_parts(
        &mut self,
        given: Given<'a>,
        depth: usize,
    ) -> Result<BodyPart<'static>, ComposeError> {
        let has = |property: &&&str| given.part.get(**property).is_some_and(|v| !v.is_null());
        if let Some(property) = ["partId", "blobId"].iter().find(has) {
            return Err(given.invalid(format!("a multipart has no {property}")));
        }
        let Some(Json::Array(sub_parts)) = given.part.get("subParts") else {
            return Err(given.invalid("a multipart must have subParts"));
        };
        if sub_parts.is_empty() {
            return Err(given.invalid("a multipart must have subParts: one at least"));
        }
        let none = Fields::new(Owner::Part(given.place));
        let mut parts = Vec::new();
        for part in sub_parts {
            let sub_part = Given::new(part, given.place)?;
            parts.push(self.read(sub_part, &none, depth + 1)?);
        }
        Ok(BodyPart::Multipart(parts))
    }

    /// What a part holds, and how that is encoded already.
    fn contents(
        &mut self,
        given: Given<'a>,
        type_: &str,
    ) -> Result<(BodyPart<'static>, Option<&'static str>), ComposeError> {
        if given.part.get("subParts").is_some_and(|sub| !sub.is_null()) {
            return Err(given.invalid("only a multipart has subParts"));
        }
        match (given.text("partId")?, given.text("blobId")?) {
            (Some(id), None) => {
                for property in ["charset", "size"] {
                    if given
                        .part
                        .get(property)
                        .is_some_and(|value| !value.is_null())
                    {
                        let wrong = format!("{property} must be left out where partId is given");
                        return Err(given.invalid(wrong));
                    }
                }
                if !type_.starts_with("text/") {
                    return Err(given.invalid("a part with partId must be of a type text/*"));
                }
                let text = self.value(id, &given)?;
                self.add(text.len())?;
                Ok((BodyPart::Text(text.into()), None))
            }
            (None, Some(id)) => {
                let octets = match (self.blob)(id) {
                    Some(octets) => octets,
                    None => {
                        self.missing.push(id.to_owned());
                        Vec::new()
                    }
                };
                self.add(octets.len())?;
                // RFC 2046 §5.2.1: a message in a message is never encoded.
                if type_ == "message/rfc822" || type_ == "message/global" {
                    let encoding = if octets.is_ascii() { "7bit" } else { "8bit" };
                    return Ok((BodyPart::Binary(octets.into()), Some(encoding)));
                }
                // As text it would be given other line ends.
                Ok((BodyPart::Binary(base64(&octets).into()), Some("base64")))
            }
            (Some(_), Some(_)) => Err(given.invalid("a part has partId or blobId, not both")),
            (None, None) => Err(given.invalid("a part must have partId or blobId")),
        }
    }

    fn value(&self, id: &str, given: &Given<'a>) -> Result<String, ComposeError> {
        let value = self.values.and_then(|values| values.get(id));
        let Some(Json::Object(value)) = value else {
            let wrong = format!("partId {id:?} is not in bodyValues");
            return Err(given.invalid(wrong));
        };
        let wrong = |wrong: &str| Err(ComposeError::invalid("bodyValues", wrong));
        for flag in ["isEncodingProblem", "isTruncated"] {
            if !matches!(value.get(flag), None | Some(Json::Bool(false))) {
                return wrong("isEncodingProblem and isTruncated must be false, or left out");
            }
        }
        match value.get("value") {
            Some(Json::String(text)) => Ok(text.replace("\r\n", "\n").replace('\n', "\r\n")),
            _ => wrong("a value in bodyValues must have a text"),
        }
    }

    fn add(&mut self, octets: usize) -> Result<(), ComposeError> {
        self.size = self.size.saturating_add(octets);
        match self.size > self.size_max {
            true => Err(ComposeError::TooLarge { max: self.size_max }),
            false => Ok(()),
        }
    }
}

/// Lines of 76 characters: RFC 2045 §6.8.
fn base64(octets: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(octets.len() / 57 * 78 + 80);
    for line in octets.chunks(57) {
        encoded.extend_from_slice(STANDARD.encode(line).as_bytes());
        encoded.extend_from_slice(b"\r\n");
    }
    encoded
}

/// The header fields of a part.
fn fields(given: &Given<'_>, type_: &str) -> Result<Fields, ComposeError> {
    const CONTENTS: [&str; 5] = ["partId", "blobId", "size", "subParts", "type"];
    const DESCRIBED: [&str; 6] = [
        "name",
        "charset",
        "disposition",
        "cid",
        "language",
        "location",
    ];
    let mut fields = Fields::new(Owner::Part(given.place));
    let name = given.text("name")?;
    let disposition = given.text("disposition")?;
    let disposition = disposition.or(given.is_attached.then_some("attachment"));
    let is_text = type_.starts_with("text/");
    let is_typed = ["type", "charset"]
        .iter()
        .any(|property| given.part.contains_key(*property));
    // A client may give the whole field instead.
    if is_typed || !given.has_field("content-type") {
        let mut content_type = ContentType::new(type_.to_owned());
        let charset = match given.text("charset")? {
            Some(charset) => Some(charset),
            None if is_text && given.part.get("partId").is_some_and(Json::is_string) => {
                Some("utf-8")
            }
            None => None,
        };
        if let Some(charset) = charset {
            content_type = content_type.attribute("charset", charset.to_owned());
        }
        if let (Some(name), None) = (name, disposition) {
            content_type = content_type.attribute("name", name.to_owned());
        }
        fields.push("Content-Type", content_type.into());
    }
    if let Some(disposition) = disposition {
        let is_token = disposition
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_token || disposition.is_empty() {
            return Err(given.invalid("disposition must be a token, as attachment or inline"));
        }
        let mut value = ContentType::new(disposition.to_ascii_lowercase());
        if let Some(name) = name {
            value = value.attribute("filename", name.to_owned());
        }
        fields.push("Content-Disposition", value.into());
    }
    if let Some(cid) = given.text("cid")? {
        if cid.is_empty() || cid.contains(['<', '>', ' ']) {
            return Err(given.invalid("cid must be an id without angle brackets"));
        }
        fields.push("Content-ID", MessageId::new(cid.to_owned()).into());
    }
    match given.part.get("language") {
        None | Some(Json::Null) => {}
        Some(Json::Array(tags)) if tags.iter().all(Json::is_string) => {
            let tags: Vec<&str> = tags.iter().filter_map(Json::as_str).collect();
            fields.push("Content-Language", Text::new(tags.join(", ")).into());
        }
        Some(_) => return Err(given.invalid("language must be a list of tags")),
    }
    if let Some(location) = given.text("location")? {
        fields.push("Content-Location", Raw::new(location.to_owned()).into());
    }
    for (property, value) in given.part {
        let property = property.as_str();
        let is_known = CONTENTS.contains(&property) || DESCRIBED.contains(&property);
        if !is_known && (!property.starts_with("header:") || !fields.add(property, value)?) {
            let wrong = format!("{property} is no property that a part is created with");
            return Err(given.invalid(wrong));
        }
    }
    Ok(fields)
}
