//! Content-Type and Content-Disposition, with their parameters: RFC 2045 §5, RFC 2183, RFC 2231.

use crate::header::Field;
use crate::limits::MIME_VALUE_MAX;
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType as Parsed, HeaderValue};

/// A value with parameters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Parametrised {
    /// Of a Content-Type the type and its subtype, `text/plain`; in lower case.
    pub(crate) value: String,
    parameters: Vec<(String, String)>,
}

impl Parametrised {
    /// Reads the value of a field; none if it is none.
    pub(crate) fn parse(field: &Field<'_>) -> Option<Self> {
        let value = field.value.get(..MIME_VALUE_MAX).unwrap_or(field.value);
        let value = [value, b"\n"].concat();
        let HeaderValue::ContentType(parsed) = MessageStream::new(&value).parse_content_type()
        else {
            return None;
        };
        Some(parsed.into())
    }

    /// Says whether the value is a type and a subtype.
    pub(crate) fn is_type(&self) -> bool {
        self.value
            .split_once('/')
            .is_some_and(|(main, sub)| !main.is_empty() && !sub.is_empty())
    }

    /// A parameter, with its pieces put together and decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl From<Parsed<'_>> for Parametrised {
    fn from(parsed: Parsed<'_>) -> Self {
        let main = parsed.c_type.trim();
        let value = match parsed.c_subtype.as_deref().map(str::trim) {
            Some(sub) => format!("{main}/{sub}"),
            None => main.to_owned(),
        };
        let parameters = parsed.attributes.unwrap_or_default().into_iter();
        Self {
            value: value.to_ascii_lowercase(),
            parameters: parameters
                .map(|attribute| (attribute.name.into_owned(), attribute.value.into_owned()))
                .collect(),
        }
    }
}
