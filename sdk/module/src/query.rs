//! The parameters after the question mark of a request. RFC 3986 §3.4, and the URL Standard's
//! `application/x-www-form-urlencoded`.

use crate::Request;

/// The parameters of a request, decoded, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

/// How many parameters a request may have.
const COUNT_MAX: usize = 64;

/// Why parameters can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Too many.
    #[error("there are more than {COUNT_MAX} parameters")]
    TooMany,
    /// Not UTF-8, or a percent sign without two hexadecimal digits after it.
    #[error("the parameters are not UTF-8 with percent signs before two hexadecimal digits")]
    Malformed,
}

/// A parameter is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is there more than once")]
pub struct Repeated(
    /// Its name.
    pub &'static str,
);

impl Parameters {
    /// Reads `name=value&…`; a `+` is a blank.
    pub fn of(request: &Request) -> Result<Self, Unreadable> {
        let pairs = request.query.as_deref().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty());
        if pairs.clone().nth(COUNT_MAX).is_some() {
            return Err(Unreadable::TooMany);
        }
        let decode = |text: &str| percent_decode(&text.replace('+', " "));
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs: Option<_> = pairs.collect();
        pairs.map(Self).ok_or(Unreadable::Malformed)
    }

    /// Whether there is a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// The value of a parameter that must not be there twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(other, _)| other == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Repeated(name)),
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
        }
    }
}

/// Adds a text to an URL: whatever is not unreserved is encoded. RFC 3986 §2.3.
pub fn percent_encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// Decodes percent-encoded UTF-8; none if it is none. RFC 3986 §2.1.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            decoded.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
