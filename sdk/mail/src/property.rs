//! Properties of an Email that stand for header fields: `header:{name}[:as{form}][:all]`, RFC 8621
//! §4.1.3.

use crate::form::{Form, Value};
use crate::header::{Field, Header};
use serde_json::Value as Json;

/// A property that stands for header fields of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderProperty {
    /// The name of the fields, as it was asked for.
    pub name: String,
    /// The form of their values.
    pub form: Form,
    /// All fields of that name; the last one if not.
    pub all: bool,
}

/// Why a property is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// It is not of the form of RFC 8621 §4.1.3.
    #[error(
        "{0:?} is no property of a header field: it must be header:{{name}}[:as{{form}}][:all]"
    )]
    Syntax(String),
    /// The form is not allowed for the field: RFC 8621 §4.1.2.
    #[error("the header field {0} can't be had in that form")]
    Form(String),
}

/// Properties that are short for one of a header field: RFC 8621 §4.1.3.
const CONVENIENT: [(&str, &str, Form); 11] = [
    ("messageId", "Message-ID", Form::MessageIds),
    ("inReplyTo", "In-Reply-To", Form::MessageIds),
    ("references", "References", Form::MessageIds),
    ("sender", "Sender", Form::Addresses),
    ("from", "From", Form::Addresses),
    ("to", "To", Form::Addresses),
    ("cc", "Cc", Form::Addresses),
    ("bcc", "Bcc", Form::Addresses),
    ("replyTo", "Reply-To", Form::Addresses),
    ("subject", "Subject", Form::Text),
    ("sentAt", "Date", Form::Date),
];

/// The forms of the fields that RFC 5322 and RFC 2369 define, besides Raw; others have any form.
const FORMS: [(&[&str], &[Form]); 5] = [
    (&["subject", "comments", "keywords"], &[Form::Text]),
    (
        &[
            "from",
            "sender",
            "reply-to",
            "to",
            "cc",
            "bcc",
            "resent-from",
            "resent-sender",
            "resent-reply-to",
            "resent-to",
            "resent-cc",
            "resent-bcc",
        ],
        &[Form::Addresses, Form::GroupedAddresses],
    ),
    (
        &[
            "message-id",
            "in-reply-to",
            "references",
            "resent-message-id",
        ],
        &[Form::MessageIds],
    ),
    (&["date", "resent-date"], &[Form::Date]),
    (
        &[
            "list-help",
            "list-unsubscribe",
            "list-subscribe",
            "list-post",
            "list-owner",
            "list-archive",
        ],
        &[Form::Urls],
    ),
];

/// Fields of RFC 5322 that have the form Raw only.
const RAW: [&str; 2] = ["return-path", "received"];

impl Form {
    /// Says whether a field's value may be had or set in this form.
    pub fn is_allowed(self, field: &str) -> bool {
        let named = |name: &&str| field.eq_ignore_ascii_case(name);
        let of_field = FORMS.iter().find(|(names, _)| names.iter().any(&named));
        match of_field {
            _ if self == Self::Raw => true,
            Some((_, forms)) => forms.contains(&self),
            None => !RAW.iter().any(named),
        }
    }

    fn named(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "asRaw" => Self::Raw,
            "asText" => Self::Text,
            "asAddresses" => Self::Addresses,
            "asGroupedAddresses" => Self::GroupedAddresses,
            "asMessageIds" => Self::MessageIds,
            "asDate" => Self::Date,
            "asURLs" => Self::Urls,
            _ => return None,
        })
    }
}

impl HeaderProperty {
    /// Reads the name of a property. None if it does not stand for header fields at all.
    pub fn parse(property: &str) -> Option<Result<Self, PropertyError>> {
        if let Some(rest) = property.strip_prefix("header:") {
            let syntax = || PropertyError::Syntax(property.to_owned());
            return Some(
                Self::parse_name(rest)
                    .ok_or_else(syntax)
                    .and_then(|parsed| match parsed.form.is_allowed(&parsed.name) {
                        true => Ok(parsed),
                        false => Err(PropertyError::Form(parsed.name)),
                    }),
            );
        }
        let (_, name, form) = CONVENIENT.iter().find(|(short, ..)| *short == property)?;
        Some(Ok(Self {
            name: (*name).to_owned(),
            form: *form,
            all: false,
        }))
    }

    fn parse_name(rest: &str) -> Option<Self> {
        let mut parts = rest.split(':');
        let name = parts.next()?.to_owned();
        let mut suffix = parts.next();
        let form = match suffix.and_then(Form::named) {
            Some(form) => {
                suffix = parts.next();
                form
            }
            None => Form::Raw,
        };
        let all = suffix == Some("all");
        let is_whole = (suffix.is_none() || all) && parts.next().is_none();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        (is_whole && is_name).then_some(Self { name, form, all })
    }

    /// The property's value in a header section, as JSON.
    pub fn read(&self, header: &Header<'_>) -> Json {
        let told = |field: Field<'_>| to_json(&field.value_as(self.form));
        match self.all {
            true => header.all(&self.name).map(told).collect(),
            false => header.last(&self.name).map_or(Json::Null, told),
        }
    }
}

/// A value as JSON.
pub(crate) fn to_json(value: &Value) -> Json {
    // Strings and lists of them always become JSON.
    serde_json::to_value(value).unwrap_or_default()
}
