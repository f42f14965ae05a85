//! Ids: of Mailboxes, Emails, Threads, and what they are made of. RFC 8620 §1.2: a letter first, and
//! no two that differ by case alone.

use crate::call::is_id;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use module::{Status, Uid};
use sha2::{Digest, Sha256};
use std::fmt;

/// A Mailbox: the first half of its mailbox's own name for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxId(pub u64);

/// An Email.
///
/// One that came by itself is known by the mailbox that it came into and its uid there: the first
/// 32 bits are 0. One that was put here over JMAP has random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailId(pub u128);

/// A Thread: a hash of what its Emails have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u64);

impl MailboxId {
    /// Of a mailbox of the host's.
    pub fn of(status: &Status) -> Self {
        let half = status.id.get(..16).unwrap_or_default();
        Self(u64::from_str_radix(half, 16).unwrap_or_default())
    }

    /// Reads one; none if it is no id of a Mailbox.
    pub fn parse(text: &str) -> Option<Self> {
        hex(text, 'm', 16).and_then(|number| u64::try_from(number).ok().map(Self))
    }
}

impl EmailId {
    /// Of a message that has come into a mailbox by itself.
    pub fn found(mailbox: MailboxId, uid: Uid) -> Self {
        Self(u128::from(mailbox.0) << 32 | u128::from(uid))
    }

    /// The mailbox that it has come into by itself, and its uid there, if it has.
    pub fn came_to(self) -> Option<(MailboxId, Uid)> {
        (self.0 >> 127 == 0).then_some((MailboxId((self.0 >> 32) as u64), self.0 as Uid))
    }

    /// Of a message that is being put: one that was never given.
    pub fn random() -> module::Result<Self> {
        Ok(Self(random_bits()? | 1 << 127))
    }

    /// Reads one; none if it is no id of an Email.
    pub fn parse(text: &str) -> Option<Self> {
        hex(text, 'e', 32).map(Self)
    }
}

impl ThreadId {
    /// Reads one; none if it is no id of a Thread.
    pub fn parse(text: &str) -> Option<Self> {
        hex(text, 't', 16).and_then(|number| u64::try_from(number).ok().map(Self))
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{:016x}", self.0)
    }
}

impl fmt::Display for EmailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{:032x}", self.0)
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{:016x}", self.0)
    }
}

/// The id of the account of a principal, and of the principal itself: its name, if that may be an Id
/// and does not begin with `_`; else that, and the name in the alphabet of base64 for URLs.
pub fn account_id(principal: &str) -> String {
    match is_id(principal) && !principal.starts_with(['_', '#']) {
        true => principal.to_owned(),
        false => format!("_{}", URL_SAFE_NO_PAD.encode(principal)),
    }
}

/// The name of the principal that an account, or a principal, of this id is; none if no name makes
/// this id.
pub fn principal_name(id: &str) -> Option<String> {
    let name = match id.strip_prefix('_') {
        None => id.to_owned(),
        Some(encoded) => String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?,
    };
    (account_id(&name) == id).then_some(name)
}

/// An id that was never given, of an object that is kept: a letter that its type has, and random bits.
pub fn random(letter: char) -> module::Result<String> {
    Ok(format!("{letter}{:032x}", random_bits()?))
}

/// As many random bits as nobody guesses.
pub fn random_bits() -> module::Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| module::Error::Unavailable(error.to_string()))?;
    Ok(u128::from_be_bytes(bytes))
}

/// The first bits of a hash: enough to tell apart what one account has.
pub fn first_bits(hash: Sha256) -> u64 {
    let digest = hash.finalize();
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// Reads a letter and so many lower-case digits of base 16.
pub fn hex(text: &str, letter: char, digits: usize) -> Option<u128> {
    let number = text.strip_prefix(letter)?;
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_plain = number.len() == digits && number.bytes().all(lower);
    u128::from_str_radix(number, 16).ok().filter(|_| is_plain)
}
