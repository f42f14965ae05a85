//! What CALDAV:calendar-data asks for of an object: RFC 4791 §9.6.
//!
//! What nothing is asked of is what was stored, byte by byte: then the module need not even read
//! the object.

mod expand;
mod limit;

use std::borrow::Cow;

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component, Item};
use crate::property::Property;
use crate::series::Range;
use crate::zone::Zone;

/// What to leave of an object.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// CALDAV:expand, §9.6.5, or CALDAV:limit-recurrence-set, §9.6.6.
    pub recurrences: Recurrences,
    /// CALDAV:limit-freebusy-set, §9.6.7.
    pub limit_freebusy_set: Option<Range>,
    /// CALDAV:comp, §9.6.1: that of VCALENDAR.
    pub selection: Option<Selection>,
}

/// What becomes of recurring components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recurrences {
    /// They stay.
    #[default]
    Stored,
    /// Each instance in the range is a component, in UTC.
    Expand(Range),
    /// Overrides that have nothing to do with the range are left out.
    Limit(Range),
}

/// CALDAV:comp: what to leave of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The component's name.
    pub name: String,
    /// Its properties.
    pub properties: Properties,
    /// The components in it.
    pub components: Components,
}

/// CALDAV:allprop or CALDAV:prop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Properties {
    /// All.
    All,
    /// Those with these names; with `true`, without their value (`novalue`, §9.6.4).
    Named(Vec<(String, bool)>),
}

/// CALDAV:allcomp or CALDAV:comp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Components {
    /// All, whole.
    All,
    /// These.
    Named(Vec<Selection>),
}

impl Output {
    /// Whether nothing is asked, so that the stored bytes are the answer.
    pub fn is_stored(&self) -> bool {
        self.recurrences == Recurrences::Stored
            && self.limit_freebusy_set.is_none()
            && self.selection.is_none()
    }

    /// The bytes of an object. Floating times are in this zone when it is asked what is in a range.
    ///
    /// Fails if the budget runs out.
    pub fn write(
        &self,
        calendar: &Calendar<'_>,
        floating: &Zone,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, Exceeded> {
        let (fewer_periods, fewer_overrides);
        let mut calendar: &Calendar<'_> = calendar;
        if let Some(range) = self.limit_freebusy_set {
            fewer_periods = limit::periods(calendar, range, floating);
            calendar = &fewer_periods;
        }
        let wanted = match &self.selection {
            Some(selection) => Wanted::Some(selection),
            None => Wanted::All,
        };
        match self.recurrences {
            Recurrences::Stored => {}
            Recurrences::Expand(range) => {
                return expand::write(calendar, range, floating, wanted, budget);
            }
            Recurrences::Limit(range) => {
                fewer_overrides = limit::overrides(calendar, range, floating, budget)?;
                calendar = &fewer_overrides;
            }
        }
        let mut out = Vec::new();
        match wanted {
            Wanted::All => out = calendar.to_bytes(),
            wanted => wanted.write(calendar.root(), &mut out),
        }
        Ok(out)
    }
}

/// What is wanted of a component.
#[derive(Clone, Copy)]
enum Wanted<'s> {
    Nothing,
    All,
    Some(&'s Selection),
}

impl<'s> Wanted<'s> {
    /// What is wanted of a component in this one.
    fn within(self, name: &str) -> Self {
        let Self::Some(selection) = self else {
            return self;
        };
        match &selection.components {
            Components::All => Self::All,
            Components::Named(list) => list
                .iter()
                .find(|inner| inner.name.eq_ignore_ascii_case(name))
                .map_or(Self::Nothing, Self::Some),
        }
    }

    /// Whether a property is wanted, and with its value.
    fn property(self, property: &Property<'_>) -> Option<bool> {
        self.named(property.name())
    }

    /// The same for what has this name.
    fn named(self, wanted: &str) -> Option<bool> {
        match self {
            Self::Nothing => None,
            Self::All => Some(true),
            Self::Some(selection) => match &selection.properties {
                Properties::All => Some(true),
                Properties::Named(names) => names
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                    .map(|(_, no_value)| !no_value),
            },
        }
    }

    fn write(self, component: &Component<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => return,
            Self::All => return component.write(out),
            Self::Some(_) => {}
        }
        out.extend_from_slice(component.begin.raw());
        for item in component.items() {
            match item {
                Item::Property(property) => self.write_property(property, out),
                Item::Component(inner) => self.within(inner.name()).write(inner, out),
            }
        }
        out.extend_from_slice(component.end.raw());
    }

    fn write_property(self, property: &Property<'_>, out: &mut Vec<u8>) {
        match self.property(property) {
            Some(true) => out.extend_from_slice(property.raw()),
            Some(false) => out.extend_from_slice(Property::new(property.name(), "").raw()),
            None => {}
        }
    }
}

/// The stream without the control characters that iCalendar forbids (RFC 5545 §3.1) and XML can't
/// carry, but some clients store.
pub fn without_controls(bytes: &[u8]) -> Cow<'_, [u8]> {
    let forbidden = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n');
    if !bytes.iter().any(forbidden) {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().copied().filter(|b| !forbidden(b)).collect())
}
