//! The paths of patches: `/VCALENDAR/VEVENT[UID=1][RID=M]`, `#ATTENDEE[=mailto:a@example.com];RSVP`.

use super::PatchError;
use crate::component::Component;
use crate::property::Property;

/// Where in a calendar a patch acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) components: Vec<Segment>,
    pub(super) property: Option<PropertyPath>,
}

/// Components of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    name: String,
    uid: Option<String>,
    pub(super) rid: Option<Rid>,
}

/// Which of the components of a recurring object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rid {
    /// The one without RECURRENCE-ID.
    Master,
    /// The one with this.
    At(String),
}

/// Properties of one name, or a part of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PropertyPath {
    name: String,
    test: Option<Test>,
    /// Of the properties, only this parameter.
    pub(super) param: Option<String>,
    /// Of the values, only this one.
    pub(super) value: Option<String>,
}

/// What a property must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Value(Match),
    /// It has the parameter, with such a value if one is said.
    Param(String, Option<Match>),
}

/// A value that something has, or has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    negated: bool,
    value: String,
}

impl Path {
    /// Reads a path: components first, then perhaps a property.
    pub(super) fn parse(text: &str) -> Result<Self, PatchError> {
        let malformed = || PatchError::Path(text.chars().take(100).collect());
        let mut rest = text.trim();
        let mut components = Vec::new();
        while let Some(after) = rest.strip_prefix('/') {
            let (segment, left) = Segment::parse(after).ok_or_else(malformed)?;
            components.push(segment);
            rest = left;
        }
        let property = match rest.strip_prefix('#') {
            Some(after) => Some(PropertyPath::parse(after).ok_or_else(malformed)?),
            None if rest.is_empty() => None,
            None => return Err(malformed()),
        };
        match components.is_empty() && property.is_none() {
            true => Err(malformed()),
            false => Ok(Self {
                components,
                property,
            }),
        }
    }
}

/// What stands before the first of some characters, and what from there on.
fn until<'t>(text: &'t str, ends: &[char]) -> Option<(&'t str, &'t str)> {
    let (head, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    (!head.is_empty()).then_some((head, rest))
}

/// What stands in brackets at the beginning, and the rest.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once(']')
}

impl Segment {
    fn parse(text: &str) -> Option<(Self, &str)> {
        let (name, mut rest) = until(text, &['[', '/', '#'])?;
        let mut segment = Self {
            name: name.to_ascii_uppercase(),
            uid: None,
            rid: None,
        };
        while rest.starts_with('[') {
            let (inside, left) = bracketed(rest)?;
            rest = left;
            match inside.split_once('=')? {
                ("UID", uid) if segment.uid.is_none() => segment.uid = Some(uid.to_owned()),
                ("RID", "M" | "") if segment.rid.is_none() => segment.rid = Some(Rid::Master),
                ("RID", id) if segment.rid.is_none() => segment.rid = Some(Rid::At(id.to_owned())),
                _ => return None,
            }
        }
        Some((segment, rest))
    }

    /// Whether it stands for this component.
    pub(super) fn is(&self, component: &Component<'_>) -> bool {
        self.is_of_object(component)
            && match (&self.rid, component.property("RECURRENCE-ID")) {
                (None, _) | (Some(Rid::Master), None) => true,
                (Some(Rid::At(id)), Some(known)) => known.value().trim() == id,
                (Some(Rid::Master), Some(_)) | (Some(Rid::At(_)), None) => false,
            }
    }

    /// The same, whatever instance that is.
    pub(super) fn is_of_object(&self, component: &Component<'_>) -> bool {
        let is_named = component.is(&self.name) || self.name == "ANY";
        let uid = component.property("UID").map(|uid| uid.value().trim());
        is_named && (self.uid.is_none() || self.uid.as_deref() == uid)
    }

    /// Whether it is VCALENDAR and nothing more.
    pub(super) fn is_root(&self) -> bool {
        self.name == "VCALENDAR" && self.uid.is_none() && self.rid.is_none()
    }
}

impl PropertyPath {
    fn parse(text: &str) -> Option<Self> {
        let (name, mut rest) = until(text, &['[', ';', '='])?;
        let mut test = None;
        if rest.starts_with('[') {
            let (inside, left) = bracketed(rest)?;
            test = Some(Test::parse(inside)?);
            rest = left;
        }
        let mut param = None;
        if let Some(after) = rest.strip_prefix(';') {
            let (name, left) = until(after, &['='])?;
            param = Some(name.to_owned());
            rest = left;
        }
        let value = match rest.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self {
            name: name.to_owned(),
            test,
            param,
            value,
        })
    }

    /// Whether it stands for this property, or a part of it.
    pub(super) fn is(&self, property: &Property<'_>) -> bool {
        property.is(&self.name) && self.test.as_ref().is_none_or(|test| test.holds(property))
    }
}

impl Test {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            Some(param) => Self::parse_param(param),
            None => Match::parse(text).map(Self::Value),
        }
    }

    /// A test on a parameter, as it stands behind `@`.
    pub(super) fn parse_param(text: &str) -> Option<Self> {
        let (name, rest) = until(text, &['=', '!'])?;
        let value = match rest.is_empty() {
            true => None,
            false => Some(Match::parse(rest)?),
        };
        Some(Self::Param(name.to_owned(), value))
    }

    pub(super) fn holds(&self, property: &Property<'_>) -> bool {
        match self {
            Self::Value(value) => {
                value.holds(|wanted| property.value() == wanted || property.text() == wanted)
            }
            Self::Param(name, None) => property.param(name).is_some(),
            Self::Param(name, Some(value)) => value.holds(|wanted| {
                let mut params = property.params().filter(|param| param.is(name));
                params.any(|param| param.values().any(|value| value == wanted))
            }),
        }
    }
}

impl Match {
    fn parse(text: &str) -> Option<Self> {
        let (negated, value) = match text.strip_prefix('!') {
            Some(value) => (true, value),
            None => (false, text.strip_prefix('=')?),
        };
        Some(Self {
            negated,
            value: value.to_owned(),
        })
    }

    fn holds(&self, has: impl FnOnce(&str) -> bool) -> bool {
        has(&self.value) != self.negated
    }
}
