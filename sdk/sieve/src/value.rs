//! Whether values make sense where they stand, as far as that can be known before there is a message.

use crate::error::Fault;
use crate::script::Argument;
use crate::vocabulary::{COMPARATORS, Tag, Word};

/// Parts of a date. RFC 5260 §4.2.
const DATE_PARTS: [&str; 13] = [
    "year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601",
    "std11", "zone", "weekday",
];
/// How messages are compared. RFC 5231 §4.1.
const RELATIONS: [&str; 6] = ["gt", "ge", "lt", "le", "eq", "ne"];

/// Checks the values that a command or a test has.
pub fn check(
    word: &Word,
    tags: &[(&Tag, Option<&Argument>)],
    plain: &[&Argument],
    has: &dyn Fn(&str) -> bool,
) -> Result<(), Fault> {
    // What has a variable in it is known only when the script runs. RFC 5229 §3.
    let is_known = |text: &&String| !(has("variables") && text.contains("${"));
    let refuse = |value: &str, wanted| {
        Err(Fault::Value {
            value: value.chars().take(80).collect(),
            wanted,
        })
    };
    let tagged = |name: &str| tags.iter().find(|(tag, _)| tag.name == name);
    for (tag, value) in tags {
        for text in value
            .iter()
            .flat_map(|value| value.texts())
            .filter(is_known)
        {
            match tag.name {
                "comparator" => comparator(text, tags, has)?,
                "count" | "value" if !RELATIONS.contains(&text.to_ascii_lowercase().as_str()) => {
                    return refuse(text, "relation: gt, ge, lt, le, eq or ne");
                }
                "zone" if !is_zone(text) => return refuse(text, "zone, like +0100"),
                "specialuse" if !is_special_use(text) => {
                    return refuse(text, "special use, like \\Sent");
                }
                "from" if !is_address(text) => return refuse(text, "address"),
                "addresses" if !is_address(text) => return refuse(text, "address"),
                "flags" => flags(text)?,
                _ => {}
            }
        }
    }
    if tagged("last").is_some() && tagged("index").is_none() {
        return Err(Fault::Arguments {
            word: word.name.to_owned(),
            wanted: ":index before :last".to_owned(),
        });
    }
    if let Some((_, Some(Argument::Number(0)))) = tagged("index") {
        return refuse("0", "field number, counted from 1");
    }
    let texts = |at: usize| {
        let argument = plain.get(at).copied();
        let texts = argument.map(Argument::texts).unwrap_or_default();
        texts.iter().filter(is_known)
    };
    match word.name {
        "redirect" => match texts(0).find(|text| !is_address(text)) {
            Some(text) => refuse(text, "address"),
            None => Ok(()),
        },
        "fileinto" => match texts(0).find(|text| text.is_empty()) {
            Some(text) => refuse(text, "name of a mailbox"),
            None => Ok(()),
        },
        "set" => match texts(0).find(|text| !is_variable(text)) {
            Some(text) => refuse(text, "name of a variable"),
            None => Ok(()),
        },
        "envelope" => match texts(0).find(|part| !is_envelope_part(part)) {
            Some(text) => refuse(text, "part of an envelope: from or to"),
            None => Ok(()),
        },
        "address" | "header" | "exists" => match texts(0).find(|name| !is_field_name(name)) {
            Some(text) => refuse(text, "name of a header field"),
            None => Ok(()),
        },
        "date" | "currentdate" => {
            let is_date = word.name == "date";
            if let Some(name) = texts(0).find(|name| is_date && !is_field_name(name)) {
                return refuse(name, "name of a header field");
            }
            let is_part = |part: &&String| DATE_PARTS.contains(&part.to_ascii_lowercase().as_str());
            match texts(usize::from(is_date)).find(|part| !is_part(part)) {
                Some(part) => refuse(part, "part of a date"),
                None => Ok(()),
            }
        }
        "setflag" | "addflag" | "removeflag" => {
            let last = plain.len().saturating_sub(1);
            texts(last).try_for_each(|text| flags(text))
        }
        _ => Ok(()),
    }
}

fn comparator(
    name: &str,
    tags: &[(&Tag, Option<&Argument>)],
    has: &dyn Fn(&str) -> bool,
) -> Result<(), Fault> {
    let Some((_, extension)) = COMPARATORS.iter().find(|(known, _)| *known == name) else {
        return Err(Fault::Value {
            value: name.chars().take(80).collect(),
            wanted: "comparator that is known here",
        });
    };
    if let Some(extension) = extension.filter(|extension| !has(extension)) {
        return Err(Fault::NotRequired {
            what: format!("the comparator {name:?}"),
            extension,
        });
    }
    // RFC 4790 §9.1: numbers are equal or in order, and have no parts.
    let by_part = |(tag, _): &(&Tag, _)| matches!(tag.name, "contains" | "matches");
    if name == "i;ascii-numeric" && tags.iter().any(by_part) {
        return Err(Fault::Value {
            value: name.to_owned(),
            wanted: "comparator that :contains and :matches can use",
        });
    }
    Ok(())
}

/// Whether a text may be an address that mail is sent to, or from: one with something on both sides
/// of its last `@`, and on one line. A name may stand before it.
fn is_address(text: &str) -> bool {
    let bare = match text.rsplit_once('<') {
        Some((_, address)) => address.trim_end().strip_suffix('>').unwrap_or_default(),
        None => text.trim(),
    };
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',');
    !text.chars().any(char::is_control)
        && bare.chars().all(is_plain)
        && bare
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// RFC 5322 §2.2.
fn is_field_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| (33..=126).contains(&byte) && byte != b':')
}

/// RFC 5228 §5.4.
fn is_envelope_part(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "from" | "to")
}

/// RFC 5229 §3.
fn is_variable(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(allowed)
}

/// RFC 5260 §4.1.
fn is_zone(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 6154 §2.
fn is_special_use(text: &str) -> bool {
    text.strip_prefix('\\')
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Flags, several in one text with spaces between them. RFC 5232 §2.
fn flags(text: &str) -> Result<(), Fault> {
    let is_flag = |flag: &str| {
        let name = flag.strip_prefix('\\').unwrap_or(flag);
        let allowed = |byte: u8| byte > b' ' && byte < 127 && !b"(){%*\"\\]".contains(&byte);
        !name.is_empty() && name.bytes().all(allowed)
    };
    match text
        .split(' ')
        .find(|flag| !flag.is_empty() && !is_flag(flag))
    {
        None => Ok(()),
        Some(flag) => Err(Fault::Value {
            value: flag.chars().take(80).collect(),
            wanted: "flag",
        }),
    }
}

/// A string with its encoded characters decoded: `${hex: 24 24}`, `${unicode: 40}`. What looks like
/// one and is none stays as it is. RFC 5228 §2.4.2.4.
pub fn decode(text: String) -> Result<String, Fault> {
    if !text.contains("${") {
        return Ok(text);
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("${") {
        let (before, encoded) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        let end = encoded.find('}');
        let inner = end.and_then(|end| encoded.get(2..end));
        match inner.map(encoded_characters).transpose()?.flatten() {
            Some(decoded) => {
                bytes.extend(decoded);
                rest = end
                    .and_then(|end| encoded.get(end + 1..))
                    .unwrap_or_default();
            }
            None => {
                bytes.extend_from_slice(b"${");
                rest = encoded.get(2..).unwrap_or_default();
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Fault::Value {
        value: text.chars().take(80).collect(),
        wanted: "text in UTF-8",
    })
}

/// What stands between the braces, decoded; none if it is no encoded character.
fn encoded_characters(inner: &str) -> Result<Option<Vec<u8>>, Fault> {
    let Some((kind, numbers)) = inner.split_once(':') else {
        return Ok(None);
    };
    let is_unicode = match kind.to_ascii_lowercase().as_str() {
        "hex" => false,
        "unicode" => true,
        _ => return Ok(None),
    };
    let mut decoded = Vec::new();
    let mut numbers = numbers
        .split([' ', '\t', '\r', '\n'])
        .filter(|it| !it.is_empty())
        .peekable();
    if numbers.peek().is_none() {
        return Ok(None);
    }
    for digits in numbers {
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || (!is_unicode && digits.len() > 2) {
            return Ok(None);
        }
        let number = u32::from_str_radix(digits, 16).ok();
        if !is_unicode {
            decoded.extend(number.and_then(|number| u8::try_from(number).ok()));
            continue;
        }
        // RFC 5228 §2.4.2.4: "It is an error for a script to use a hexadecimal value that isn't in
        // either the range 0 to D7FF or the range E000 to 10FFFF."
        let Some(c) = number.and_then(char::from_u32) else {
            return Err(Fault::Value {
                value: digits.chars().take(80).collect(),
                wanted: "character",
            });
        };
        decoded.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(Some(decoded))
}
