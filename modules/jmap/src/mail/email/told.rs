//! What is told of a message: header fields in all their forms, the structure of the body, its texts.
//! RFC 8621 §4.1.2 to §4.1.4.

use super::summary;
use crate::blob::BlobId;
use crate::call::{Arguments, Result};
use crate::error::MethodError;
use crate::json::{Object, object};
use crate::standard::{Extra, Properties};
use mail::{Body, Header, HeaderProperty, Limits, Message, Part};
use serde_json::Value;

/// Properties of the body.
pub const BODY: [&str; 7] = [
    "bodyStructure",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
    "hasAttachment",
    "preview",
];

const PART: [&str; 12] = [
    "partId",
    "blobId",
    "size",
    "headers",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
    "subParts",
];

/// What of a part is told only if it is asked for.
const PART_ASKED: [&str; 2] = ["headers", "subParts"];

/// What is to be told of messages.
#[derive(Debug, Clone)]
pub struct Wanted {
    headers: Vec<(String, HeaderProperty)>,
    all_headers: bool,
    body: Vec<&'static str>,
    part: Vec<PartProperty>,
    values: Values,
}

#[derive(Debug, Clone)]
enum PartProperty {
    Plain(&'static str),
    Header(String, HeaderProperty),
}

/// The arguments of `Email/get` and `Email/parse` besides the standard ones. RFC 8621 §4.2.
#[derive(Debug, Clone)]
pub struct Values {
    properties: Option<Vec<String>>,
    text: bool,
    html: bool,
    all: bool,
    max: usize,
}

impl Extra for Values {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        let max = arguments.unsigned("maxBodyValueBytes")?.unwrap_or(0);
        Ok(Self {
            properties: arguments.strings("bodyProperties")?,
            text: arguments.boolean("fetchTextBodyValues")?,
            html: arguments.boolean("fetchHTMLBodyValues")?,
            all: arguments.boolean("fetchAllBodyValues")?,
            max: usize::try_from(max).unwrap_or(usize::MAX),
        })
    }
}

impl Wanted {
    /// Reads what is asked for. Properties that are not of the message itself are passed over.
    pub fn new(properties: &Properties, values: Values) -> Result<Self> {
        let mut headers = Vec::new();
        let mut body = Vec::new();
        for name in properties.names() {
            if let Some(header) = HeaderProperty::parse(name) {
                headers.push((name.to_owned(), header.map_err(invalid)?));
            }
            body.extend(BODY.into_iter().filter(|known| *known == name));
        }
        let part = match &values.properties {
            None => {
                let told = PART.into_iter().filter(|name| !PART_ASKED.contains(name));
                told.map(PartProperty::Plain).collect()
            }
            Some(names) => {
                let names = names.iter().map(|name| PartProperty::read(name));
                names.collect::<Result<_>>()?
            }
        };
        Ok(Self {
            headers,
            all_headers: properties.has("headers"),
            body,
            part,
            values,
        })
    }

    /// Nothing of the message is asked for.
    pub fn is_nothing(&self) -> bool {
        self.needs_header_only() && self.headers.is_empty() && !self.all_headers
    }

    /// What is asked for of the body, if it is what lists show.
    pub fn summary(&self) -> Option<&[&'static str]> {
        let is_shown = |name: &&str| summary::PROPERTIES.contains(name);
        let is_summary = !self.body.is_empty() && self.body.iter().all(is_shown);
        is_summary.then_some(&self.body)
    }

    /// What is asked for besides the body.
    pub fn without_body(&self) -> Self {
        Self {
            body: Vec::new(),
            ..self.clone()
        }
    }

    /// The header section is enough.
    pub fn needs_header_only(&self) -> bool {
        self.body.is_empty()
    }
}

impl PartProperty {
    fn read(name: &str) -> Result<Self> {
        if let Some(known) = PART.into_iter().find(|known| *known == name) {
            return Ok(Self::Plain(known));
        }
        let header = name
            .starts_with("header:")
            .then(|| HeaderProperty::parse(name));
        match header.flatten() {
            Some(header) => Ok(Self::Header(name.to_owned(), header.map_err(invalid)?)),
            None => Err(MethodError::invalid_arguments(format!(
                "an EmailBodyPart has no property {name:?}"
            ))),
        }
    }
}

fn invalid(error: mail::PropertyError) -> MethodError {
    MethodError::invalid_arguments(error.to_string())
}

/// What is told of one message.
pub struct Told<'a> {
    wanted: &'a Wanted,
    blob: BlobId,
}

impl<'a> Told<'a> {
    /// Of the message that is this blob.
    pub fn new(wanted: &'a Wanted, blob: BlobId) -> Self {
        Self { wanted, blob }
    }

    /// Adds all that is wanted of a message, of which the header section is enough if no more is
    /// needed.
    pub fn add(&self, bytes: &[u8], object: &mut Object) {
        let limits = Limits::default();
        if self.wanted.needs_header_only() {
            return self.add_header(&Header::parse(bytes, &limits), object);
        }
        let message = Message::parse(bytes, &limits);
        self.add_header(message.header(), object);
        self.add_body(&message, object);
    }

    fn add_header(&self, header: &Header<'_>, object: &mut Object) {
        for (name, property) in &self.wanted.headers {
            object.insert(name.clone(), property.read(header));
        }
        if self.wanted.all_headers {
            object.insert("headers".to_owned(), headers(header));
        }
    }

    fn add_body(&self, message: &Message<'_>, object: &mut Object) {
        let body = Body::of(message);
        let list = |numbers: &[usize]| {
            let parts = numbers.iter().filter_map(|at| message.parts().get(*at));
            parts.map(|part| self.part(message, part, false)).collect()
        };
        for name in &self.wanted.body {
            let value: Value = match *name {
                "bodyStructure" => match message.parts().first() {
                    Some(root) => self.part(message, root, true),
                    None => Value::Null,
                },
                "bodyValues" => self.values(message, &body),
                "textBody" => list(&body.text),
                "htmlBody" => list(&body.html),
                "attachments" => list(&body.attachments),
                "hasAttachment" => body.has_attachment(message).into(),
                _ => mail::preview(message, &body).into(),
            };
            object.insert((*name).to_owned(), value);
        }
    }

    /// An EmailBodyPart.
    fn part(&self, message: &Message<'_>, part: &Part<'_>, with_sub_parts: bool) -> Value {
        let mut object = Object::new();
        for property in &self.wanted.part {
            let (name, value) = match property {
                PartProperty::Header(name, header) => (name.as_str(), header.read(&part.header)),
                PartProperty::Plain("subParts") => ("subParts", Value::Null),
                PartProperty::Plain(name) => (*name, self.part_property(part, name)),
            };
            object.insert(name.to_owned(), value);
        }
        if with_sub_parts && part.is_multipart() {
            let parts = part.sub_parts.iter();
            let parts = parts.filter_map(|at| message.parts().get(*at));
            let sub_parts = parts.map(|sub| self.part(message, sub, true)).collect();
            object.insert("subParts".to_owned(), sub_parts);
        }
        Value::Object(object)
    }

    fn part_property(&self, part: &Part<'_>, name: &str) -> Value {
        match name {
            "partId" => part.part_id().into(),
            "blobId" => match part.is_multipart() {
                true => Value::Null,
                false => self.blob.part(part).map(|id| id.to_string()).into(),
            },
            "size" => part.size().into(),
            "headers" => headers(&part.header),
            "name" => part.name().into(),
            "type" => part.type_.as_str().into(),
            "charset" => part.charset().into(),
            "disposition" => part.disposition().into(),
            "cid" => part.cid().into(),
            "language" => part.language().into(),
            _ => part.location().into(),
        }
    }

    /// EmailBodyValues by part.
    fn values(&self, message: &Message<'_>, body: &Body) -> Value {
        let wanted = &self.wanted.values;
        let mut values = Object::new();
        for (number, part) in message.parts().iter().enumerate() {
            let is_wanted = wanted.all
                || wanted.text && body.text.contains(&number)
                || wanted.html && body.html.contains(&number);
            let Some(id) = part.part_id().filter(|_| is_wanted) else {
                continue;
            };
            if part.type_.starts_with("text/") {
                let value = part.body_value(wanted.max);
                let value = object! {
                    "value": value.value,
                    "isEncodingProblem": value.is_encoding_problem,
                    "isTruncated": value.is_truncated,
                };
                values.insert(id.to_owned(), Value::Object(value));
            }
        }
        Value::Object(values)
    }
}

/// EmailHeaders, in the order of the message, in Raw form.
fn headers(header: &Header<'_>) -> Value {
    let fields = header.fields().iter();
    let told = fields.map(|field| {
        Value::Object(object! { "name": field.name, "value": field.raw().into_owned() })
    });
    told.collect()
}
