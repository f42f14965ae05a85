//! What a store says about a resource: flat records, filled as far as was asked for.

use xml::Name;

use crate::{Path, Rights, Time};

/// A resource that a URL is mapped to.
#[derive(Clone, Debug)]
pub enum Resource {
    /// A collection, perhaps one that only leads to others.
    Collection(Collection),
    /// A member and the collection it is in.
    Member(Box<Collection>, Member),
    /// A principal. RFC 3744 §2.
    Principal(Principal),
}

/// A resource with members.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// Where it is.
    pub path: Path,
    /// What the store calls its kind; [`crate::Profile::kinds`] says what that means.
    pub kind: String,
    /// Names this incarnation of the collection among all others, for sync tokens.
    pub id: String,
    /// What the asking principal may do in it.
    pub rights: Rights,
    /// The principal that owns it.
    pub owner: Option<String>,
    /// The change counter of the collection; it covers members and direct subcollections.
    pub state: u64,
    /// The names and states of the collections that appear in it and lie elsewhere, with counters of
    /// their own; ordered by name.
    pub elsewhere: Vec<(String, u64)>,
    /// How many members lie in it.
    pub members: u64,
    /// When it was created.
    pub created: Option<Time>,
    /// When it last changed.
    pub modified: Option<Time>,
    /// The properties stored with it that were asked for.
    pub stored: Vec<StoredProperty>,
}

impl Collection {
    /// Whether what appears in it under a name lies elsewhere.
    pub fn has_elsewhere(&self, name: &str) -> bool {
        let found = self
            .elsewhere
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        found.is_ok()
    }
}

/// A resource inside of a collection that is no collection itself.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Its last path part.
    pub name: String,
    /// A number that no other body in this collection ever has.
    pub version: u64,
    /// Its change counter.
    pub state: u64,
    /// Its entity tag.
    pub etag: Etag,
    /// The length of its body in bytes.
    pub length: u64,
    /// The media type of its body.
    pub content_type: Option<String>,
    /// When it was created.
    pub created: Option<Time>,
    /// When its body last changed.
    pub modified: Option<Time>,
    /// The body, if [`Fields::BODY`] was asked for.
    pub body: Option<Vec<u8>>,
    /// The bytes that the store keeps in front of the body, if [`Fields::HEADER`] was asked for.
    pub header: Option<Vec<u8>>,
    /// What of it is the asking principal's own, where the store keeps that apart; its entity tag
    /// covers it.
    pub personal: Option<Vec<u8>>,
    /// The properties stored with it that were asked for.
    pub stored: Vec<StoredProperty>,
}

/// A property that is kept as it was set: all dead ones, and live ones that say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProperty {
    /// What it is called.
    pub name: Name,
    /// The whole element, standing alone.
    pub xml: Vec<u8>,
    /// Whether the asking principal has set it for themselves alone.
    pub is_own: bool,
}

/// Someone or something that a request can act for. RFC 3744 §2.
#[derive(Clone, Debug, Default)]
pub struct Principal {
    /// What the store calls it.
    pub id: String,
    /// Its principal URL as an absolute path, encoded. RFC 3744 §4.2.
    pub href: String,
    /// What people call it.
    pub displayname: String,
    /// What it is, in one word: `individual`, `group`, `room`, `resource`.
    pub kind: String,
    /// Other URIs for it, `mailto:` ones among them. RFC 3744 §4.1.
    pub alternate_uris: Vec<String>,
    /// The ids of its members, if it is a group.
    pub members: Vec<String>,
    /// The ids of the groups that it is in.
    pub groups: Vec<String>,
    /// What the asking principal may do to its properties.
    pub rights: Rights,
    /// Further properties: those stored, and those that others contribute.
    pub stored: Vec<StoredProperty>,
}

/// What is asked for in a read: the store leaves everything else at its default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Want<'a> {
    /// The flat fields.
    pub fields: Fields,
    /// The stored properties.
    pub stored: Stored<'a>,
}

/// Which stored properties are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub enum Stored<'a> {
    /// None of them.
    #[default]
    None,
    /// Those with these names.
    Names(&'a [Name]),
    /// All of them.
    All,
}

/// A set of flat fields. Path, name, version, kind, id, rights and state always come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u16);

impl Fields {
    /// Nothing but what always comes.
    pub const NONE: Fields = Fields(0);
    /// The entity tag.
    pub const ETAG: Fields = Fields(1);
    /// The length of the body.
    pub const LENGTH: Fields = Fields(1 << 1);
    /// The media type.
    pub const CONTENT_TYPE: Fields = Fields(1 << 2);
    /// When it was created.
    pub const CREATED: Fields = Fields(1 << 3);
    /// When it was last modified.
    pub const MODIFIED: Fields = Fields(1 << 4);
    /// The owner.
    pub const OWNER: Fields = Fields(1 << 5);
    /// The body of a member.
    pub const BODY: Fields = Fields(1 << 6);
    /// The bytes before the body of a member.
    pub const HEADER: Fields = Fields(1 << 7);
    /// The locks: the engine asks for them itself.
    pub const LOCKS: Fields = Fields(1 << 8);
    /// All that a GET or a condition needs.
    pub const ENTITY: Fields = Fields(1 | 1 << 1 | 1 << 2 | 1 << 4);

    /// Both sets together.
    pub const fn and(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    pub const fn has(self, other: Fields) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The opaque part of an entity tag, kept in place. RFC 9110 §8.8.3.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Etag {
    len: u8,
    text: [u8; 47],
}

impl Etag {
    /// The tag with this opaque part; none if it is longer than 47 bytes or holds a character
    /// that no entity tag may hold.
    pub fn new(opaque: &str) -> Option<Self> {
        let bytes = opaque.as_bytes();
        if bytes
            .iter()
            .any(|byte| !(0x21..0x7F).contains(byte) || *byte == b'"')
        {
            return None;
        }
        let mut text = [0; 47];
        text.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self {
            len: bytes.len() as u8,
            text,
        })
    }

    /// The tag for a digest, given as big-endian words: the hexadecimal form of its first 20 bytes.
    pub fn from_digest([a, b, c]: [u64; 3]) -> Self {
        let mut text = [0; 47];
        let words = [a >> 32, a, b >> 32, b, c >> 32];
        for (slot, word) in text.chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&hexadecimal(word as u32));
        }
        Self { len: 40, text }
    }

    /// The tag for a body together with what of it is one principal's own: 36 bits of that follow the
    /// tag of the body, which tells all of the rest.
    pub fn with_personal(&self, value: &[u8]) -> Self {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // FNV-1a. Whoever looked for two values with one tag could deceive nobody but himself.
        let hash = value.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let folded = hash ^ hash >> 36;
        let mut tag = format!("{:.40}.", self.opaque());
        for place in 0..6 {
            let digit = DIGITS.get((folded >> (6 * place)) as usize & 63);
            tag.extend(digit.copied().map(char::from));
        }
        Self::new(&tag).unwrap_or(*self)
    }

    /// The opaque part, without quotes.
    pub fn opaque(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The same; it is ASCII.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The tag as a header has it: in quotes.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.opaque())
    }

    /// Whether `header`, one tag as a client wrote it, is this tag.
    ///
    /// A leading `W/` is not looked at: whoever compressed our answer had to weaken the tag, and
    /// the client can only send back what it got.
    pub fn matches(&self, header: &str) -> bool {
        let tag = header.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        let tag = tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .unwrap_or(tag);
        self.len > 0 && tag == self.opaque()
    }
}

/// The digits of a word, all at once: its nibbles are spread to a byte each.
fn hexadecimal(word: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut nibbles = u64::from(word);
    nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF;
    nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF;
    nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    // With six more, those that become letters have their fifth bit set.
    let letters = (nibbles + 6 * ONES) >> 4 & ONES;
    let digits = nibbles + u64::from(b'0') * ONES + u64::from(b'a' - b'9' - 1) * letters;
    digits.to_be_bytes()
}

impl Default for Etag {
    fn default() -> Self {
        Self {
            len: 0,
            text: [0; 47],
        }
    }
}

impl std::fmt::Debug for Etag {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.opaque())
    }
}

impl Resource {
    /// The collection it is or is in; none for a principal.
    pub fn collection(&self) -> Option<&Collection> {
        match self {
            Resource::Collection(collection) => Some(collection),
            Resource::Member(collection, _) => Some(collection),
            Resource::Principal(_) => None,
        }
    }

    /// The member it is.
    pub fn member(&self) -> Option<&Member> {
        match self {
            Resource::Member(_, member) => Some(member),
            Resource::Collection(_) | Resource::Principal(_) => None,
        }
    }

    /// Whether it is a collection.
    pub fn is_collection(&self) -> bool {
        matches!(self, Resource::Collection(_))
    }

    /// What the asking principal may do with it.
    pub fn rights(&self) -> Rights {
        match self {
            Resource::Collection(collection) => collection.rights,
            Resource::Member(collection, _) => collection.rights,
            Resource::Principal(principal) => principal.rights,
        }
    }

    /// The properties that came with it.
    pub fn stored(&self) -> &[StoredProperty] {
        match self {
            Resource::Collection(collection) => &collection.stored,
            Resource::Member(_, member) => &member.stored,
            Resource::Principal(principal) => &principal.stored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_digests_are_hexadecimal() {
        let words = [
            0x0123_4567_89AB_CDEF,
            0xFEDC_BA98_7654_3210,
            0x09AF_A0F9_FFFF_FFFF,
        ];
        let etag = Etag::from_digest(words);
        assert_eq!(etag.opaque(), "0123456789abcdeffedcba987654321009afa0f9");
        assert!(etag.matches("W/\"0123456789abcdeffedcba987654321009afa0f9\""));
    }

    #[test]
    fn tags_tell_what_is_personal_apart() {
        let body = Etag::from_digest([1, 2, 3]);
        let one = body.with_personal(b"BEGIN:VALARM");
        assert_ne!(one, body.with_personal(b"BEGIN:VALARN"));
        assert_ne!(
            one,
            Etag::from_digest([2, 2, 3]).with_personal(b"BEGIN:VALARM")
        );
        assert_eq!(one, body.with_personal(b"BEGIN:VALARM"));
        assert_ne!(body.with_personal(b""), body);
    }
}
