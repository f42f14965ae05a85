//! Header fields from properties: in the forms of RFC 8621 §4.1.2, each field at most once.

use super::ComposeError;
use crate::address::{EmailAddress, EmailAddressGroup};
use crate::{Date, Form, HeaderProperty, cut};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::{Address, EmailAddress as Mailbox, GroupedAddresses};
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::url::URL;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Whose fields these are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The Email's.
    Email,
    /// A part's, which is in this property of the Email.
    Part(&'static str),
}

/// Header fields to be written.
pub(super) struct Fields {
    owner: Owner,
    headers: Vec<(String, HeaderType<'static>)>,
}

impl Fields {
    pub(super) fn new(owner: Owner) -> Self {
        let headers = Vec::new();
        Self { owner, headers }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn push(&mut self, name: &str, value: HeaderType<'static>) {
        self.headers.push((name.to_owned(), value));
    }

    pub(super) fn push_raw(&mut self, name: &str, value: String) {
        self.push(name, Raw::new(value).into());
    }

    pub(super) fn into_headers(self) -> Vec<(String, HeaderType<'static>)> {
        self.headers
    }

    /// Adds what a property stands for; says whether it stands for header fields at all. One that is
    /// null stands for none.
    pub(super) fn add(&mut self, property: &str, value: &Json) -> Result<bool, ComposeError> {
        let Some(parsed) = HeaderProperty::parse(property) else {
            return Ok(false);
        };
        let parsed = parsed.map_err(|error| self.invalid(property, error.to_string()))?;
        let is_content = parsed
            .name
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        let wrong = match self.owner {
            Owner::Email if is_content => {
                Some("fields that begin with Content- are those of parts")
            }
            Owner::Part(_)
                if parsed
                    .name
                    .eq_ignore_ascii_case("Content-Transfer-Encoding") =>
            {
                Some("the encoding of a part is the server's to choose")
            }
            _ if self.has(&parsed.name) => Some("two properties stand for this header field"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(self.invalid(property, format!("{property}: {wrong}")));
        }
        let values = match (parsed.all, value) {
            (_, Json::Null) => return Ok(true),
            (true, Json::Array(values)) => values.as_slice(),
            (true, _) => return Err(self.mismatch(property)),
            (false, value) => std::slice::from_ref(value),
        };
        for value in values {
            let header = to_header(parsed.form, value).ok_or_else(|| self.mismatch(property))?;
            self.push(canonical(&parsed.name), header);
        }
        Ok(true)
    }

    fn mismatch(&self, property: &str) -> ComposeError {
        self.invalid(property, format!("{property} has no value of its form"))
    }

    fn invalid(&self, property: &str, description: String) -> ComposeError {
        match self.owner {
            Owner::Email => ComposeError::invalid(property, description),
            Owner::Part(place) => ComposeError::invalid(place, description),
        }
    }
}

/// Fields that mail-builder knows by the capitalisation of their names.
fn canonical(name: &str) -> &str {
    let known = [
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Disposition",
    ];
    let known = known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    known.unwrap_or(name)
}

fn to_header(form: Form, value: &Json) -> Option<HeaderType<'static>> {
    Some(match form {
        Form::Raw => {
            let value = read::<String>(value)?;
            let text = value.strip_prefix(' ').unwrap_or(&value);
            Raw::new(unfolded(text)?).into()
        }
        Form::Text => text(read(value)?),
        Form::Addresses => Address::new_list(mailboxes(read(value)?)).into(),
        Form::GroupedAddresses => {
            let groups = read::<Vec<EmailAddressGroup>>(value)?.into_iter();
            let groups = groups.map(|group| {
                Address::Group(GroupedAddresses {
                    name: group.name.map(Into::into),
                    addresses: mailboxes(group.addresses),
                })
            });
            Address::new_list(groups.collect()).into()
        }
        Form::MessageIds => {
            let ids = read::<Vec<String>>(value)?;
            let is_id = |id: &String| !id.is_empty() && id.chars().all(is_in_angles);
            if !ids.iter().all(is_id) {
                return None;
            }
            MessageId::new_list(ids.into_iter()).into()
        }
        Form::Date => {
            let date = Date::parse_rfc3339(&read::<String>(value)?)?;
            Raw::new(date.to_rfc5322()).into()
        }
        Form::Urls => {
            let urls = read::<Vec<String>>(value)?;
            if !urls.iter().all(|url| url.chars().all(is_in_angles)) {
                return None;
            }
            URL::new_list(urls.into_iter()).into()
        }
    })
}

/// A text, so that it is read as it was given. What looks like an encoded word and is none must be in
/// one: RFC 2047 §5 has no other way to say so.
pub(crate) fn text(text: String) -> HeaderType<'static> {
    if !text.contains("=?") {
        return Text::new(text).into();
    }
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        // 45 octets are 60 characters of base64: with what is around them less than the 75 allowed.
        let word = cut(rest, 45);
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    Raw::new(words.join(" ")).into()
}

fn read<T: DeserializeOwned>(value: &Json) -> Option<T> {
    T::deserialize(value).ok()
}

/// What may stand in angle brackets.
fn is_in_angles(char: char) -> bool {
    !char.is_whitespace() && !char.is_control() && !matches!(char, '<' | '>')
}

fn mailboxes(addresses: Vec<EmailAddress>) -> Vec<Address<'static>> {
    let mailbox = |address: EmailAddress| {
        Address::Address(Mailbox {
            name: address.name.filter(|name| !name.is_empty()).map(Into::into),
            email: address.email.into(),
        })
    };
    addresses.into_iter().map(mailbox).collect()
}

/// A value on one line, to be folded anew; none if a line in it would be a field of its own.
fn unfolded(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut lines = value.split("\r\n");
    text.push_str(lines.next()?);
    for line in lines {
        if !line.starts_with([' ', '\t']) {
            return None;
        }
        text.push_str(line);
    }
    let is_plain = |char: char| !char.is_control() || char == '\t';
    text.chars().all(is_plain).then_some(text)
}
