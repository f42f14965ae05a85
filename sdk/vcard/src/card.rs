//! A card: the properties between `BEGIN:VCARD` and `END:VCARD`, and the bytes that they stand in.

use crate::property::{Property, lines};
use crate::{Error, Fault, Version};

/// How much a card may ask of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest card in bytes.
    pub bytes: usize,
    /// How many lines the input may have, folded ones counted as they stand.
    pub lines: usize,
    /// How many properties it may have.
    pub properties: usize,
    /// How many parameters a property may have.
    pub parameters: usize,
}

impl Limits {
    /// What fits photos of several megabytes, and groups of tens of thousands of members.
    pub const DEFAULT: Limits = Limits {
        bytes: 10 << 20,
        lines: 500_000,
        properties: 50_000,
        parameters: 100,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A card as it was read. Nothing of it is ever written again: what is stored are its bytes.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    bytes: &'a [u8],
    line: usize,
    version: Version,
    properties: Vec<Property<'a>>,
}

impl<'a> Card<'a> {
    /// Reads exactly one card. Empty lines around it are allowed.
    ///
    /// Fails with the first line that cannot be read. Whether the card is a valid one is for
    /// [`crate::check`] to say.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Card<'a>, Error> {
        let mut cards = Card::parse_all(bytes, limits);
        let card = cards.next().unwrap_or(Err(Fault::NoBegin.at(1)))?;
        let whole = Card { bytes, ..card };
        match cards.next() {
            None => Ok(whole),
            Some(Ok(next)) => Err(Fault::SeveralCards.at(next.line)),
            Some(Err(error)) => Err(Fault::SeveralCards.at(error.line)),
        }
    }

    /// Reads one card after the other, up to the first error: after it there is no telling where
    /// the next one begins. The limits are for each of them.
    pub fn parse_all(bytes: &'a [u8], limits: &Limits) -> Cards<'a> {
        let ends = lines(bytes);
        let limit = limits.lines;
        Cards {
            refused: (ends > limit).then(|| {
                let what = "lines";
                Fault::TooBig { what, limit }.at(limit)
            }),
            // The mark of UTF-8 at the beginning, from Windows.
            rest: bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
            line: 1,
            limits: *limits,
        }
    }

    /// The bytes that it stands in.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its version: 3.0 if it has none that is known.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The line of the input that it begins in.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Its properties, `VERSION` included, in order.
    pub fn properties(&self) -> &[Property<'a>] {
        &self.properties
    }

    /// The properties of this name, in whatever case.
    pub fn all<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Property<'a>> {
        self.properties
            .iter()
            .filter(move |property| property.is(name))
    }

    /// The first property of this name.
    pub fn first(&self, name: &str) -> Option<&Property<'a>> {
        self.properties.iter().find(|property| property.is(name))
    }

    /// The UID, as it is compared. RFC 6350 §6.7.6.
    pub fn object_uid(&self) -> Option<String> {
        let uid = self.first("UID")?;
        Some(object_uid(&uid.text()).to_owned())
    }

    /// What kind of thing it is of, in lower case: `individual`, `group`, … RFC 6350 §6.1.4, and
    /// the extension of Apple's Contacts for vCard 3.0.
    pub fn kind(&self) -> Option<String> {
        let kind = self
            .first("KIND")
            .or_else(|| self.first("X-ADDRESSBOOKSERVER-KIND"))?;
        Some(kind.text().trim().to_ascii_lowercase())
    }
}

/// A UID as it is compared: programs write a UUID with `urn:uuid:` before it in vCard 4.0 and
/// without in 3.0, and mean the same (DAVx5, eM Client).
pub fn object_uid(text: &str) -> &str {
    const UUID: &str = "urn:uuid:";
    let text = text.trim();
    match text.get(..UUID.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(UUID) => {
            text.get(UUID.len()..).unwrap_or_default()
        }
        _ => text,
    }
}

/// See [`Card::parse_all`].
#[derive(Debug)]
pub struct Cards<'a> {
    refused: Option<Error>,
    rest: &'a [u8],
    line: usize,
    limits: Limits,
}

impl<'a> Iterator for Cards<'a> {
    type Item = Result<Card<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let card = self.take();
        if !matches!(card, Ok(Some(_))) {
            self.rest = &[];
        }
        card.transpose()
    }
}

impl<'a> Cards<'a> {
    fn take(&mut self) -> Result<Option<Card<'a>>, Error> {
        if let Some(refused) = self.refused.take() {
            return Err(refused);
        }
        let all = self.rest;
        let Some(begin) = self.property()? else {
            return Ok(None);
        };
        let line = begin.line();
        if !is_envelope(&begin, "BEGIN") {
            return Err(Fault::NoBegin.at(line));
        }
        let mut properties = Vec::new();
        loop {
            let before = self.rest;
            let Some(property) = self.property()? else {
                return Err(Fault::NoEnd.at(self.line));
            };
            let within = all.len() - self.rest.len();
            self.check(within, &property, properties.len())?;
            if is_envelope(&property, "END") {
                let bytes = all.get(..within).unwrap_or_default();
                return Ok(Some(card(bytes, line, properties)));
            }
            if !is_envelope(&property, "BEGIN") {
                properties.push(property);
                continue;
            }
            let agent: Option<&mut Property<'a>> =
                properties.last_mut().filter(|last| last.is("AGENT"));
            let Some(agent) = agent else {
                return Err(Fault::Nested.at(property.line()));
            };
            self.skip_embedded(property.line())?;
            let embedded = before.len() - self.rest.len();
            let start = all.len() - before.len() - agent.wire().len();
            let wire = all.get(start..start + agent.wire().len() + embedded);
            agent.set_embedded(wire.unwrap_or_default());
        }
    }

    /// Reads over an embedded card, and those in it, up to its end.
    fn skip_embedded(&mut self, line: usize) -> Result<(), Error> {
        let mut depth = 1usize;
        while depth > 0 {
            let Some(property) = self.property()? else {
                return Err(Fault::NoEnd.at(line));
            };
            if is_envelope(&property, "BEGIN") {
                depth += 1;
            } else if is_envelope(&property, "END") {
                depth -= 1;
            }
        }
        Ok(())
    }

    /// The next property. The version is not known yet.
    fn property(&mut self) -> Result<Option<Property<'a>>, Error> {
        let taken = Property::take(self.rest, self.line, Version::V3_0)?;
        let Some((property, rest)) = taken else {
            return Ok(None);
        };
        let used = self.rest.len() - rest.len();
        self.line += lines(self.rest.get(..used).unwrap_or_default());
        self.rest = rest;
        Ok(Some(property))
    }

    fn check(&self, bytes: usize, property: &Property<'_>, before: usize) -> Result<(), Error> {
        let limits = &self.limits;
        let parameters = property.parameters().count();
        let counts = [
            ("bytes in a card", bytes, limits.bytes),
            ("properties in a card", before, limits.properties),
            ("parameters in a property", parameters, limits.parameters),
        ];
        match counts.into_iter().find(|(_, is, may)| is > may) {
            Some((what, _, limit)) => Err(Fault::TooBig { what, limit }.at(property.line())),
            None => Ok(()),
        }
    }
}

fn card<'a>(bytes: &'a [u8], line: usize, mut properties: Vec<Property<'a>>) -> Card<'a> {
    let version = properties
        .iter()
        .find(|property| property.is("VERSION"))
        .and_then(|property| Version::from_name(&property.raw()))
        .unwrap_or(Version::V3_0);
    for property in &mut properties {
        property.set_version(version);
    }
    Card {
        bytes,
        line,
        version,
        properties,
    }
}

/// Whether a line begins or ends a card. RFC 6350 §6.1.1.
pub(crate) fn is_envelope(property: &Property<'_>, name: &str) -> bool {
    property.is(name) && property.raw().trim().eq_ignore_ascii_case("VCARD")
}
