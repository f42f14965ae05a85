//! Reading a filter. RFC 4791 §9.7.1 to §9.7.5.

use dav::{Collation, Error, TextMatch};
use icalendar::series::Range;
use xml::Element;

use super::{CompFilter, CompTest, Filter, ParamFilter, PropFilter, PropTest};
use crate::namespace::CALDAV;
use crate::precondition::{SUPPORTED_COLLATION, VALID_FILTER};
use crate::time_range;

/// The most conditions in one filter: each is held against every object.
const CONDITIONS_MAX: usize = 100;

impl Filter {
    /// Reads `CALDAV:filter`.
    ///
    /// Fails with `CALDAV:valid-filter` if it is not as the RFC has it, and with
    /// `CALDAV:supported-collation` if it asks for another collation than ours.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        let mut parser = Parser {
            left: CONDITIONS_MAX,
            has_times: false,
        };
        let mut roots = element.find_all(CALDAV, "comp-filter");
        let (Some(root), None) = (roots.next(), roots.next()) else {
            return Err(VALID_FILTER.error());
        };
        let root = parser.comp(root)?;
        match (root.name.as_str(), root.test) {
            ("VCALENDAR", Some(root)) => Ok(Self {
                root,
                has_times: parser.has_times,
            }),
            // Every object is in a VCALENDAR, and none is in anything else.
            _ => Err(VALID_FILTER.error()),
        }
    }
}

struct Parser {
    left: usize,
    has_times: bool,
}

impl Parser {
    fn comp(&mut self, element: &Element) -> Result<CompFilter, Error> {
        let name = self.name_of(element)?;
        if is_not_defined(element) {
            only_child(element)?;
            return Ok(CompFilter { name, test: None });
        }
        let mut test = CompTest::default();
        for child in ours(element) {
            match child.name.local() {
                "time-range" => put_once(&mut test.time_range, self.range(child)?)?,
                "prop-filter" => test.props.push(self.prop(child)?),
                "comp-filter" => test.comps.push(self.comp(child)?),
                _ => return Err(VALID_FILTER.error()),
            }
        }
        let conditions =
            test.props.len() + test.comps.len() + usize::from(test.time_range.is_some());
        test.any = is_anyof(element)? && conditions > 1;
        let test = Some(test);
        Ok(CompFilter { name, test })
    }

    fn prop(&mut self, element: &Element) -> Result<PropFilter, Error> {
        let name = self.name_of(element)?;
        if is_not_defined(element) {
            only_child(element)?;
            return Ok(PropFilter { name, test: None });
        }
        let mut test = PropTest::default();
        for child in ours(element) {
            match child.name.local() {
                "time-range" => put_once(&mut test.time_range, self.range(child)?)?,
                "text-match" => test.text.push(self.text_match(child)?),
                "param-filter" => test.params.push(self.param(child)?),
                _ => return Err(VALID_FILTER.error()),
            }
        }
        let conditions =
            test.text.len() + test.params.len() + usize::from(test.time_range.is_some());
        test.any = is_anyof(element)? && conditions > 1;
        let test = Some(test);
        Ok(PropFilter { name, test })
    }

    fn param(&mut self, element: &Element) -> Result<ParamFilter, Error> {
        let name = self.name_of(element)?;
        if is_not_defined(element) {
            only_child(element)?;
            return Ok(ParamFilter { name, test: None });
        }
        let mut texts = Vec::new();
        for child in ours(element) {
            match child.name.local() {
                "text-match" => texts.push(self.text_match(child)?),
                _ => return Err(VALID_FILTER.error()),
            }
        }
        let test = Some(texts);
        Ok(ParamFilter { name, test })
    }

    fn text_match(&mut self, element: &Element) -> Result<TextMatch, Error> {
        self.count()?;
        TextMatch::parse(element, Collation::AsciiCasemap, &SUPPORTED_COLLATION)
    }

    fn range(&mut self, element: &Element) -> Result<Range, Error> {
        self.has_times = true;
        time_range::parse(element).ok_or_else(|| VALID_FILTER.error())
    }

    fn name_of(&mut self, element: &Element) -> Result<String, Error> {
        self.count()?;
        match element.attribute("name") {
            Some(name) if !name.is_empty() => Ok(name.to_ascii_uppercase()),
            _ => Err(VALID_FILTER.error()),
        }
    }

    fn count(&mut self) -> Result<(), Error> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| {
            Error::BadRequest(format!(
                "the filter has more than {CONDITIONS_MAX} conditions"
            ))
        })?;
        Ok(())
    }
}

/// What is in another namespace is an extension, and not looked at: RFC 4918 §17.
fn ours(element: &Element) -> impl Iterator<Item = &Element> {
    element.elements().filter(|child| child.name.ns() == CALDAV)
}

/// Of one condition it says nothing.
fn is_anyof(element: &Element) -> Result<bool, Error> {
    match element.attribute("test") {
        None | Some("allof") => Ok(false),
        Some("anyof") => Ok(true),
        Some(_) => Err(VALID_FILTER.error()),
    }
}

fn is_not_defined(element: &Element) -> bool {
    element.find(CALDAV, "is-not-defined").is_some()
}

fn only_child(element: &Element) -> Result<(), Error> {
    match ours(element).count() {
        1 => Ok(()),
        _ => Err(VALID_FILTER.error()),
    }
}

fn put_once<T>(slot: &mut Option<T>, value: T) -> Result<(), Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(VALID_FILTER.error()),
    }
}
