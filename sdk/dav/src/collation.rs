//! How texts are compared, and `text-match` as filters of reports have it: RFC 4790, RFC 5051,
//! RFC 4791 §7.5, RFC 6352 §8.3.

use memchr::memmem;
use unicode_normalization::UnicodeNormalization;
use xml::{Element, Writer};

use crate::{Error, Precondition};

/// A way to compare texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// `i;ascii-casemap`: the case of ASCII letters does not matter. RFC 4790 §9.2.
    AsciiCasemap,
    /// `i;octet`: byte by byte. RFC 4790 §9.3.
    Octet,
    /// `i;unicode-casemap`: neither case nor composition matters. RFC 5051.
    UnicodeCasemap,
}

impl Collation {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Collation; 3] = [
        Collation::AsciiCasemap,
        Collation::Octet,
        Collation::UnicodeCasemap,
    ];

    /// What protocols call it.
    pub fn name(self) -> &'static str {
        match self {
            Collation::AsciiCasemap => "i;ascii-casemap",
            Collation::Octet => "i;octet",
            Collation::UnicodeCasemap => "i;unicode-casemap",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// A text so that equal bytes mean that texts are equal.
    pub fn key(self, text: &str) -> String {
        match self {
            Collation::AsciiCasemap => text.to_ascii_uppercase(),
            Collation::Octet => text.to_owned(),
            Collation::UnicodeCasemap if text.is_ascii() => text.to_ascii_uppercase(),
            Collation::UnicodeCasemap => text.chars().map(titlecase).nfkd().collect(),
        }
    }
}

/// RFC 5051 §2 has the simple mapping, of one character to one.
fn titlecase(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

/// Where in a text the one looked for has to be. RFC 6352 §10.5.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchKind {
    Contains,
    Equals,
    StartsWith,
    EndsWith,
}

impl MatchKind {
    /// Reads the `match-type` of an element.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        match element.attribute("match-type") {
            None | Some("contains") => Ok(Self::Contains),
            Some("equals") => Ok(Self::Equals),
            Some("starts-with") => Ok(Self::StartsWith),
            Some("ends-with") => Ok(Self::EndsWith),
            Some(other) => Err(Error::BadRequest(format!(
                "{other:.40} is not a match-type: contains, equals, starts-with and ends-with are"
            ))),
        }
    }
}

/// A condition on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatch {
    collation: Collation,
    kind: MatchKind,
    negate: bool,
    /// The text as sent.
    text: String,
    /// [`Collation::key`] of it.
    key: String,
}

/// The longest text that is folded in place, in bytes: most are shorter.
const SHORT_LEN: usize = 256;

impl TextMatch {
    /// Reads the attributes and the text of the element.
    ///
    /// Fails with `unsupported` if the collation is none of [`Collation::ALL`].
    pub fn parse(
        element: &Element,
        default: Collation,
        unsupported: &Precondition,
    ) -> Result<Self, Error> {
        let collation = match element.attribute("collation") {
            None | Some("default") => default,
            Some(name) => Collation::parse(name).ok_or_else(|| unsupported.error())?,
        };
        let kind = MatchKind::parse(element)?;
        let negate = match element.attribute("negate-condition") {
            None | Some("no") => false,
            Some("yes") => true,
            Some(other) => {
                return Err(Error::BadRequest(format!(
                    "negate-condition is yes or no, not {other:.40}"
                )));
            }
        };
        let text = element.text();
        Ok(Self {
            collation,
            kind,
            negate,
            key: collation.key(&text),
            text,
        })
    }

    /// Whether it asks for texts that do not match.
    pub fn is_negated(&self) -> bool {
        self.negate
    }

    /// The text looked for, as it was sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text fulfils the condition.
    pub fn holds(&self, text: &str) -> bool {
        self.is_found(text) != self.negate
    }

    fn is_found(&self, text: &str) -> bool {
        if self.collation == Collation::Octet {
            return self.is_found_in(text.as_bytes());
        }
        let mut short = [0; SHORT_LEN];
        match short.get_mut(..text.len()) {
            // The same as `Collation::key`, without an allocation.
            Some(folded) if text.is_ascii() => {
                folded.copy_from_slice(text.as_bytes());
                folded.make_ascii_uppercase();
                self.is_found_in(folded)
            }
            _ => self.is_found_in(self.collation.key(text).as_bytes()),
        }
    }

    fn is_found_in(&self, key: &[u8]) -> bool {
        let wanted = self.key.as_bytes();
        match self.kind {
            MatchKind::Contains => memmem::find(key, wanted).is_some(),
            MatchKind::Equals => key == wanted,
            MatchKind::StartsWith => key.starts_with(wanted),
            MatchKind::EndsWith => key.ends_with(wanted),
        }
    }
}

/// Writes the content of `supported-collation-set`. RFC 4791 §7.5.1, RFC 6352 §8.3.1.
pub fn write_supported(out: &mut Writer, element: &xml::Name) {
    for collation in Collation::ALL {
        out.leaf(element, collation.name());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn holds(attributes: &str, wanted: &str, text: &str) -> bool {
        let xml = format!("<t {attributes}>{wanted}</t>");
        let element = xml::parse(xml.as_bytes(), &xml::Limits::default()).unwrap();
        let unsupported = Precondition::forbidden("urn:z", "supported-collation");
        TextMatch::parse(&element, Collation::AsciiCasemap, &unsupported)
            .unwrap()
            .holds(text)
    }

    #[test]
    fn rfc4790_9_2_only_ascii_letters_lose_their_case() {
        assert!(holds("", "LISA", "mona lisa"));
        assert!(!holds("", "Ä", "ä"));
        assert!(!holds("collation='i;octet'", "LISA", "mona lisa"));
    }

    #[test]
    fn rfc5051_2_case_and_composition_do_not_matter() {
        let unicode = "collation='i;unicode-casemap'";
        assert!(holds(unicode, "ÄRGER", "großer ärger"));
        assert!(holds(unicode, "A\u{308}RGER", "großer ärger"));
        assert!(holds(unicode, "\u{1F3}", "\u{1F2}"));
        assert!(!holds(unicode, "arger", "ärger "));
    }

    #[test]
    fn rfc6352_10_5_4_match_types() {
        assert!(holds("match-type='starts-with'", "mo", "Mona"));
        assert!(!holds("match-type='ends-with'", "mo", "Mona"));
        assert!(holds("match-type='equals'", "mona", "Mona"));
        assert!(holds("negate-condition='yes'", "x", "Mona"));
    }
}
