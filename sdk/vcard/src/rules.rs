//! What may be stored as an address object. RFC 6352 §5.1, RFC 6350 §6, RFC 2426 §4.
//!
//! Kept to what makes a card useless or dangerous to others; the bytes are stored as they are.
//! Tolerated, each because a known program writes it:
//!
//! - one of N and FN missing in vCard 3.0 (contact lists of Evolution and KAddressBook, groups of
//!   other servers' JMAP), and FN missing in 4.0 beside a N; [`crate::convert`] fills them in
//! - types without `TYPE=`, and `CHARSET=UTF-8` (phones that learnt vCard 2.1 first)
//! - quoted-printable values in 3.0 (Nokia)
//! - VERSION in another than the first line (Apple's Contacts, iOS)
//! - `\:` and `\;` where nothing needs an escape (Apple's Contacts), names with an underscore
//!   or a space (`X-PHONETIC_FIRST…` of Android programs, `X-GOOGLE TALK` of Google)
//! - a MEMBER outside of a group (RFC 6350 §6.6.5), and one without `urn:uuid:` (DAVx5)

use crate::card::Card;
use crate::property::Property;
use crate::text::is_forbidden;
use crate::{Error, Fault, Version};

/// Checks that a card may be stored.
///
/// Fails with the first rule that it breaks, and with [`Fault::Version`] for vCard 2.1.
pub fn check(card: &Card<'_>) -> Result<(), Error> {
    check_characters(card.bytes())?;
    check_version(card)?;
    for property in card.properties() {
        check_property(property)?;
    }
    for name in ["UID", "N", "KIND"] {
        check_once(card, name)?;
    }
    let uid = card
        .first("UID")
        .ok_or_else(|| Fault::Missing("UID").at(card.line()))?;
    if crate::object_uid(&uid.text()).is_empty() {
        return Err(Fault::Empty("UID").at(uid.line()));
    }
    if card.first("FN").is_none() && card.first("N").is_none() {
        return Err(Fault::Missing("FN").at(card.line()));
    }
    Ok(())
}

/// RFC 6350 §3.1 and §3.3: UTF-8 without control characters. Those that XML 1.0 cannot carry would
/// be lost on the way to a client, too.
fn check_characters(bytes: &[u8]) -> Result<(), Error> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            return Err(Fault::NotUtf8.at(crate::property::lines(before) + 1));
        }
    };
    match text.char_indices().find(|(_, char)| is_forbidden(*char)) {
        Some((at, char)) => {
            let before = text.get(..at).unwrap_or_default();
            let line = crate::property::lines(before.as_bytes()) + 1;
            Err(Fault::ControlCharacter(char as u32).at(line))
        }
        None => Ok(()),
    }
}

fn check_version(card: &Card<'_>) -> Result<(), Error> {
    let Some(property) = card.first("VERSION") else {
        return Err(Fault::Missing("VERSION").at(card.line()));
    };
    check_once(card, "VERSION")?;
    let name = property.raw();
    match Version::from_name(&name) {
        Some(Version::V3_0 | Version::V4_0) => Ok(()),
        Some(Version::V2_1) | None => {
            let name: String = name.chars().take(20).collect();
            Err(Fault::Version(name).at(property.line()))
        }
    }
}

fn check_property(property: &Property<'_>) -> Result<(), Error> {
    let is_name = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ');
        !name.is_empty() && name.trim() == name && name.bytes().all(allowed)
    };
    if !is_name(property.name()) || property.embeds() {
        let name = property.name().chars().take(40).collect();
        return Err(Fault::BadName(name).at(property.line()));
    }
    let charset = property.parameter("CHARSET");
    match charset {
        Some(name) if !["utf-8", "utf8", "us-ascii"].contains(&&*name.to_ascii_lowercase()) => {
            let name = name.chars().take(40).collect();
            Err(Fault::Charset(name).at(property.line()))
        }
        _ => Ok(()),
    }
}

/// RFC 6350 §6: at most one, or several that are alternatives of each other (§5.4).
fn check_once(card: &Card<'_>, name: &'static str) -> Result<(), Error> {
    let mut all = card.all(name);
    let Some(first) = all.next() else {
        return Ok(());
    };
    let alternative = first.parameter("ALTID");
    for other in all {
        if alternative.is_none() || other.parameter("ALTID") != alternative {
            return Err(Fault::Repeated(name).at(other.line()));
        }
    }
    Ok(())
}
