//! `CARDDAV:filter`: which cards are meant. RFC 6352 §10.5.
//!
//! A filter is held against the bytes of a card: only the properties that it names are taken apart.
//! What it looks for in names and addresses narrows down the cards by the index before.

use dav::collation::{Collation, TextMatch};
use dav::store::Filter as KeyFilter;
use dav::{Error, Precondition};
use vcard::{Property, Selected, Version, find, grams, version_of};
use xml::Element;

use crate::keys::{BIG, GRAMS};
use crate::namespace::CARDDAV;
use crate::precondition::{SUPPORTED_COLLATION, SUPPORTED_FILTER, because};

/// How many conditions a filter may have.
const TESTS_MAX: usize = 200;

/// How much the index is asked for at most.
const ALTERNATIVES_MAX: usize = 8;

/// Which cards are meant.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Whether all must hold, or any.
    all: bool,
    properties: Vec<PropertyFilter>,
}

/// `CARDDAV:prop-filter`. RFC 6352 §10.5.1.
#[derive(Debug)]
struct PropertyFilter {
    name: Selected,
    /// Whether it must not be there at all.
    not_defined: bool,
    /// Whether all of the following must hold, or any.
    all: bool,
    texts: Vec<TextMatch>,
    parameters: Vec<ParameterFilter>,
}

/// `CARDDAV:param-filter`. RFC 6352 §10.5.2.
#[derive(Debug)]
struct ParameterFilter {
    name: String,
    not_defined: bool,
    text: Option<TextMatch>,
}

impl Filter {
    /// Reads the element. None, or one without conditions, means all cards, as Cyrus has it.
    pub(crate) fn parse(element: Option<&Element>) -> Result<Filter, Error> {
        let Some(element) = element else {
            return Ok(Filter {
                all: false,
                properties: Vec::new(),
            });
        };
        let properties: Result<Vec<PropertyFilter>, Error> = element
            .find_all(CARDDAV, "prop-filter")
            .map(PropertyFilter::parse)
            .collect();
        let filter = Filter {
            all: is_all(element)?,
            properties: properties?,
        };
        let tests = |one: &PropertyFilter| 1 + one.texts.len() + one.parameters.len();
        match filter.properties.iter().map(tests).sum::<usize>() > TESTS_MAX {
            true => Err(because(
                &SUPPORTED_FILTER,
                "the filter has too many conditions",
            )),
            false => Ok(filter),
        }
    }

    /// Whether all cards are meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// Whether a card is meant.
    pub(crate) fn holds(&self, card: &[u8]) -> bool {
        let version = version_of(card);
        let mut properties = self.properties.iter();
        match self.all {
            _ if self.is_empty() => true,
            true => properties.all(|one| one.holds(card, version)),
            false => properties.any(|one| one.holds(card, version)),
        }
    }

    /// The grams of which a card that is meant has all of at least one alternative, or else is one
    /// with [`BIG`]. None if nothing can be said.
    pub(crate) fn narrow(&self) -> Option<Vec<String>> {
        let mut known = self.properties.iter().map(PropertyFilter::narrow);
        let alternatives = match self.all {
            // One is enough: that with the fewest alternatives.
            true => known.flatten().min_by_key(Vec::len)?,
            false => known.by_ref().collect::<Option<Vec<_>>>()?.concat(),
        };
        // So many of them take longer than looking at all cards.
        let some = (1..=ALTERNATIVES_MAX).contains(&alternatives.len());
        some.then_some(alternatives)
    }
}

/// The keys of which a card must have any, for what [`Filter::narrow`] has given.
pub(crate) fn alternatives(grams: &[String]) -> Vec<KeyFilter<'_>> {
    let grams = grams.iter().map(|grams| KeyFilter::Words(GRAMS, grams));
    grams.chain([KeyFilter::Equals(BIG, BIG)]).collect()
}

impl PropertyFilter {
    fn parse(element: &Element) -> Result<Self, Error> {
        let texts: Result<Vec<TextMatch>, Error> = element
            .find_all(CARDDAV, "text-match")
            .map(parse_text)
            .collect();
        let parameters: Result<Vec<ParameterFilter>, Error> = element
            .find_all(CARDDAV, "param-filter")
            .map(ParameterFilter::parse)
            .collect();
        Ok(Self {
            name: Selected::new(name(element)?, false),
            not_defined: element.find(CARDDAV, "is-not-defined").is_some(),
            all: is_all(element)?,
            texts: texts?,
            parameters: parameters?,
        })
    }

    fn holds(&self, card: &[u8], version: Version) -> bool {
        let mut found = find(card, version, |name| self.name.matches(name));
        match self.not_defined {
            true => found.next().is_none(),
            false => found.any(|property| self.holds_for(&property)),
        }
    }

    fn holds_for(&self, property: &Property<'_>) -> bool {
        if self.texts.is_empty() && self.parameters.is_empty() {
            return true;
        }
        let text = property.text();
        let mut texts = self.texts.iter();
        let mut parameters = self.parameters.iter();
        match self.all {
            true => {
                texts.all(|test| test.holds(&text)) && parameters.all(|one| one.holds(property))
            }
            false => {
                texts.any(|test| test.holds(&text)) || parameters.any(|one| one.holds(property))
            }
        }
    }

    /// Grams of which a card that is meant has all of at least one alternative. None if nothing can
    /// be said.
    fn narrow(&self) -> Option<Vec<String>> {
        if self.not_defined {
            return None;
        }
        let grams = |test: &TextMatch| match test.is_negated() {
            true => None,
            // All match types mean that the text is there somewhere.
            false => grams(&self.name.name, test.text()),
        };
        let known = self.texts.iter().map(grams);
        match self.all {
            true => known.flatten().next().map(|grams| vec![grams]),
            false if !self.parameters.is_empty() || self.texts.is_empty() => None,
            false => known.collect(),
        }
    }
}

impl ParameterFilter {
    fn parse(element: &Element) -> Result<Self, Error> {
        let text = element.find(CARDDAV, "text-match").map(parse_text);
        Ok(Self {
            name: name(element)?.to_owned(),
            not_defined: element.find(CARDDAV, "is-not-defined").is_some(),
            text: text.transpose()?,
        })
    }

    fn holds(&self, property: &Property<'_>) -> bool {
        let mut found = property
            .parameters()
            .filter(|parameter| parameter.is(&self.name))
            .peekable();
        if self.not_defined {
            return found.peek().is_none();
        }
        let Some(test) = &self.text else {
            return found.peek().is_some();
        };
        // Lists of types stand in one pair of quotes sometimes: RFC 6350 §5.6.
        let is_list = self.name.eq_ignore_ascii_case("TYPE");
        found.any(|parameter| {
            parameter.values().any(|value| match is_list {
                true => value.split(',').any(|word| test.holds(word.trim())),
                false => test.holds(&value),
            })
        })
    }
}

fn name(element: &Element) -> Result<&str, Error> {
    let name = element.attribute("name").unwrap_or_default();
    match name.is_empty() {
        true => Err(because(&SUPPORTED_FILTER, "a filter without a name")),
        false => Ok(name),
    }
}

/// RFC 6352 §10.5: `anyof` is what is meant without the attribute.
fn is_all(element: &Element) -> Result<bool, Error> {
    match element.attribute("test") {
        None | Some("anyof") => Ok(false),
        Some("allof") => Ok(true),
        Some(_) => Err(because(&SUPPORTED_FILTER, "test is anyof or allof")),
    }
}

fn parse_text(element: &Element) -> Result<TextMatch, Error> {
    const UNSUPPORTED: Precondition = SUPPORTED_COLLATION;
    TextMatch::parse(element, Collation::UnicodeCasemap, &UNSUPPORTED)
}
