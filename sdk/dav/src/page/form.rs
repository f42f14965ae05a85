//! What a form sends: names and values. URL Standard §5.1, `application/x-www-form-urlencoded`.

use crate::{Error, percent_decode};

/// The media type of a form.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The longest form in bytes.
pub const LEN_MAX: u64 = 64 << 10;

/// The fields of a form, in order.
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field without white space around it; empty if it is not there.
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// Reads a form.
///
/// Fails with [`Error::BadRequest`] if it is not UTF-8, with or without its escapes.
pub fn parse(body: &[u8]) -> Result<Form, Error> {
    let malformed = || Error::BadRequest("the form is malformed".to_owned());
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let decode = |text: &str| percent_decode(&text.replace('+', " ")).ok_or_else(malformed);
    let fields: Result<Vec<(String, String)>, Error> = text
        .split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect();
    Ok(Form { fields: fields? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_fields() {
        let form = parse(b"name=A+%26+B&color=%23FF0000&&bare").unwrap();
        assert_eq!(form.value("name"), "A & B");
        assert_eq!(form.value("color"), "#FF0000");
        assert_eq!((form.value("bare"), form.value("none")), ("", ""));
        assert!(parse(b"bad=%FF").is_err() && parse(b"bad=\xFF").is_err());
    }
}
