//! What a form sends: names and values. URL Standard §5.1, `application/x-www-form-urlencoded`.

use crate::{Error, percent_decode};

/// The media type of a form.
pub(super) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The longest form in bytes.
pub(super) const LEN_MAX: u64 = 64 << 10;

/// The fields of a form, in order.
pub(super) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field without white space around it; empty if it is not there.
    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// Reads a form.
pub(super) fn parse(body: &[u8]) -> Result<Form, Error> {
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
