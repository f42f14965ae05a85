//! `CARDDAV:filter`: which cards are meant. RFC 6352 §10.5.
//!
//! A filter is held against the bytes of a card: only the properties that it names are taken apart.
//! What it looks for in names and addresses narrows down the cards by the index before.

use dav::collation::{Collation, TextMatch};
use dav::store::Filter as KeyFilter;
use dav::{Error, Precondition};
use vcard::{Property, Selected, Version, find, grams, version_of};
use xml::Element;

use crate::keys::GRAMS;
use crate::namespace::CARDDAV;
use crate::precondition::{SUPPORTED_COLLATION, SUPPORTED_FILTER, because};

/// How many conditions a filter may have.
const TESTS_MAX: usize = 200;

/// How many conditions the index is asked for at most.
const TERMS_MAX: usize = 32;

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

    /// What the index can say of it: it gives all cards that are meant, and perhaps more.
    pub(crate) fn narrow(&self) -> Narrowed {
        let known = self.properties.iter().map(PropertyFilter::narrow);
        let groups: Vec<Vec<String>> = match self.all {
            true => known.flatten().collect(),
            false => match known.collect::<Option<Vec<_>>>() {
                Some(any) if !any.is_empty() => vec![any.concat()],
                _ => Vec::new(),
            },
        };
        let mut left = TERMS_MAX;
        let fits = |group: &Vec<String>| match left.checked_sub(group.len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        Narrowed {
            groups: groups.into_iter().filter(fits).collect(),
        }
    }
}

/// Conditions on the grams of cards: one of each group must hold.
#[derive(Debug)]
pub(crate) struct Narrowed {
    groups: Vec<Vec<String>>,
}

impl Narrowed {
    /// The conditions, group by group.
    pub(crate) fn alternatives(&self) -> Vec<Vec<KeyFilter<'_>>> {
        let all = self.groups.iter();
        all.map(|group| {
            let words = group.iter();
            words.map(|words| KeyFilter::Words(GRAMS, words)).collect()
        })
        .collect()
    }

    /// The same, as a store takes them.
    pub(crate) fn filters<'n>(&self, alternatives: &'n [Vec<KeyFilter<'n>>]) -> Vec<KeyFilter<'n>> {
        let group = |group: &'n Vec<KeyFilter<'n>>| KeyFilter::AnyOf(group);
        alternatives.iter().map(group).collect()
    }
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
        let mut known = self.texts.iter().map(grams);
        match self.all {
            true => known.flatten().next().map(Vec::from),
            false if !self.parameters.is_empty() || self.texts.is_empty() => None,
            false => known
                .by_ref()
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat()),
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
