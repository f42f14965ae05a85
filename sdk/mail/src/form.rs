//! Parsed forms of header fields: RFC 8621 §4.1.2.

use crate::address::{self, EmailAddress, EmailAddressGroup};
use crate::date::Date;
use crate::encoded_word;
use crate::header::Field;
use crate::limits::VALUE_MAX;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// A form in which the value of a header field is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// RFC 8621 §4.1.2.1.
    Raw,
    /// RFC 8621 §4.1.2.2.
    Text,
    /// RFC 8621 §4.1.2.3.
    Addresses,
    /// RFC 8621 §4.1.2.4.
    GroupedAddresses,
    /// RFC 8621 §4.1.2.5.
    MessageIds,
    /// RFC 8621 §4.1.2.6.
    Date,
    /// RFC 8621 §4.1.2.7.
    Urls,
}

/// A value in one of the forms; as JSON it is what RFC 8621 has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Of the forms Raw, Text and Date.
    Text(String),
    /// Of the form Addresses.
    Addresses(Vec<EmailAddress>),
    /// Of the form GroupedAddresses.
    GroupedAddresses(Vec<EmailAddressGroup>),
    /// Of the forms MessageIds and URLs.
    List(Vec<String>),
    /// The value could not be parsed.
    Null,
}

impl Field<'_> {
    /// The value in a form.
    pub fn value_as(&self, form: Form) -> Value {
        match form {
            Form::Raw => Value::Text(self.raw().into_owned()),
            Form::Text => Value::Text(self.text()),
            Form::Addresses => Value::Addresses(self.addresses()),
            Form::GroupedAddresses => Value::GroupedAddresses(self.grouped_addresses()),
            Form::MessageIds => self.message_ids().map_or(Value::Null, Value::List),
            Form::Date => match self.date() {
                Some(date) => Value::Text(date.to_rfc3339()),
                None => Value::Null,
            },
            Form::Urls => self.urls().map_or(Value::Null, Value::List),
        }
    }

    /// The value in Text form: RFC 8621 §4.1.2.2.
    pub fn text(&self) -> String {
        let text = encoded_word::decode(&self.unfolded());
        let text = text.trim_start_matches(' ');
        match text.is_ascii() {
            true => text.to_owned(),
            false => text.nfc().collect(),
        }
    }

    /// The value in Addresses form: RFC 8621 §4.1.2.3.
    pub fn addresses(&self) -> Vec<EmailAddress> {
        let groups = self.grouped_addresses().into_iter();
        groups.flat_map(|group| group.addresses).collect()
    }

    /// The value in GroupedAddresses form: RFC 8621 §4.1.2.4.
    pub fn grouped_addresses(&self) -> Vec<EmailAddressGroup> {
        address::parse(&self.unfolded())
    }

    /// The value in MessageIds form: RFC 8621 §4.1.2.5. None if there are no message ids in it.
    pub fn message_ids(&self) -> Option<Vec<String>> {
        let ids = in_angles(&self.unfolded());
        (!ids.is_empty()).then_some(ids)
    }

    /// The value in Date form: RFC 8621 §4.1.2.6.
    pub fn date(&self) -> Option<Date> {
        let value = self.unfolded();
        Date::parse(value.get(..256).unwrap_or(&value))
    }

    /// The value in URLs form: RFC 8621 §4.1.2.7. None if there are no URLs in it.
    pub fn urls(&self) -> Option<Vec<String>> {
        self.message_ids()
    }

    /// The value on one line: RFC 5322 §2.2.3. The white space of the folds stays.
    pub(crate) fn unfolded(&self) -> String {
        let value = self.value.get(..VALUE_MAX).unwrap_or(self.value);
        let mut text = String::from_utf8_lossy(value).into_owned();
        text.retain(|char| !matches!(char, '\r' | '\n' | '\0'));
        text
    }
}

/// What stands in angle brackets outside of comments and quotes: message ids, and URLs. White space
/// in them comes from folding.
fn in_angles(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    let mut comments = 0_usize;
    let mut is_escaped = false;
    for char in value.chars() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match (&mut inside, char) {
            (Some(text), '>') => {
                if !text.is_empty() {
                    found.push(std::mem::take(text));
                }
                inside = None;
            }
            (Some(_), ' ' | '\t') => {}
            // What was open is no id: the next one begins.
            (Some(text), '<') => text.clear(),
            (Some(text), char) => text.push(char),
            (None, '\\') => is_escaped = true,
            (None, '(') => comments += 1,
            (None, ')') => comments = comments.saturating_sub(1),
            (None, '<') if comments == 0 => inside = Some(String::new()),
            (None, _) => {}
        }
    }
    found
}
