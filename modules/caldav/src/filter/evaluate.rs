//! Holding a filter against a calendar object. RFC 4791 §9.7.

use dav::{Error, TextMatch};
use icalendar::series::{Range, Series, effective_end_overlaps, property_overlaps};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Component, Property};

use super::{CompFilter, CompTest, Filter, ParamFilter, PropFilter, PropTest};
use crate::floating::exceeded;

impl Filter {
    /// Whether a calendar object is meant. DATEs and floating times are in this zone.
    ///
    /// Fails if its recurrences need more than the budget has.
    pub(crate) fn holds(
        &self,
        calendar: &Calendar<'_>,
        zone: &Zone,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        let mut evaluation = Evaluation {
            series: self.has_times.then(|| Series::of(calendar, zone.clone())),
            budget,
        };
        // "The semantic of CALDAV:time-range is not defined for any other calendar components" (§9.9),
        // VCALENDAR among them. Clients that ask for no type of component send it there, and mean
        // whatever is in it.
        if let Some(range) = self.root.time_range {
            let overlaps = evaluation.overlaps(range, &mut |_| true)?;
            if overlaps == self.root.any {
                return Ok(overlaps);
            }
        }
        evaluation.inside(&self.root, calendar.root())
    }
}

/// Whether an object is found of which it would take too long to tell: one that is there too much does
/// less harm than one that is missing, and much less than no answer for all others.
const UNDECIDED: bool = true;

struct Evaluation<'e, 'c> {
    /// When things are, if the filter asks for that.
    series: Option<Series<'c>>,
    budget: &'e mut Budget,
}

impl<'c> Evaluation<'_, 'c> {
    /// Whether all that is asked of the inside of a component holds, or any of it.
    fn inside(&mut self, test: &CompTest, component: &Component<'c>) -> Result<bool, Error> {
        // What costs least comes first.
        let mut props = test.props.iter();
        if props.any(|filter| self.prop(filter, component) == test.any) {
            return Ok(test.any);
        }
        for filter in &test.comps {
            if self.comp(filter, component)? == test.any {
                return Ok(test.any);
            }
        }
        Ok(!test.any)
    }

    fn comp(&mut self, filter: &CompFilter, scope: &Component<'c>) -> Result<bool, Error> {
        let mut named = scope.components().filter(|inner| inner.is(&filter.name));
        let Some(test) = &filter.test else {
            return Ok(named.next().is_none());
        };
        let mut passing: Vec<&Component<'c>> = Vec::new();
        for component in named {
            let is_inside = self.inside(test, component)?;
            if is_inside && (test.any || test.time_range.is_none()) {
                return Ok(true);
            }
            if is_inside || test.any {
                passing.push(component);
            }
        }
        let Some(range) = test.time_range.filter(|_| !passing.is_empty()) else {
            return Ok(false);
        };
        let is_passing =
            |component: &Component<'c>| passing.iter().any(|known| same(known, component));
        match filter.name.as_str() {
            "VALARM" => self.goes_off(range, scope, &mut |alarm| is_passing(alarm)),
            _ => self.overlaps(range, &mut |component| is_passing(component)),
        }
    }

    /// Whether an instance overlaps a range of which the component passes.
    fn overlaps(
        &mut self,
        range: Range,
        passes: &mut dyn FnMut(&Component<'c>) -> bool,
    ) -> Result<bool, Error> {
        match &self.series {
            Some(series) => {
                let found = self
                    .budget
                    .share(u64::MAX, |budget| series.any(range, budget, passes));
                Ok(found.map_err(exceeded)?.unwrap_or(UNDECIDED))
            }
            None => Ok(false),
        }
    }

    /// Whether an alarm of a component that passes goes off in a range.
    fn goes_off(
        &mut self,
        range: Range,
        scope: &Component<'c>,
        passes: &mut dyn FnMut(&Component<'c>) -> bool,
    ) -> Result<bool, Error> {
        match &self.series {
            Some(series) => {
                let found = self.budget.share(u64::MAX, |budget| {
                    series.any_alarm(range, budget, &mut |component, alarm| {
                        same(component, scope) && passes(alarm)
                    })
                });
                Ok(found.map_err(exceeded)?.unwrap_or(UNDECIDED))
            }
            None => Ok(false),
        }
    }

    fn prop(&self, filter: &PropFilter, component: &Component<'c>) -> bool {
        let mut named = component.properties_named(&filter.name).peekable();
        match &filter.test {
            None => named.peek().is_none(),
            Some(test) if named.peek().is_none() => self.effective_end(filter, test, component),
            Some(test) => {
                let mut named = named;
                named.any(|property| self.property(test, property))
            }
        }
    }

    /// RFC 4791 §9.9: where a DURATION stands for a DTEND or DUE, "the test should instead operate on
    /// the 'effective' DTEND".
    fn effective_end(
        &self,
        filter: &PropFilter,
        test: &PropTest,
        component: &Component<'c>,
    ) -> bool {
        let is_end = match filter.name.as_str() {
            "DTEND" => component.is("VEVENT"),
            "DUE" => component.is("VTODO"),
            _ => false,
        };
        let (Some(range), Some(series)) = (test.time_range, &self.series) else {
            return false;
        };
        is_end
            && (test.any || test.params.is_empty())
            && effective_end_overlaps(component, series.zones(), range)
    }

    fn property(&self, test: &PropTest, property: &Property<'_>) -> bool {
        let in_range = |range| {
            let series = self.series.as_ref();
            series.is_some_and(|series| property_overlaps(property, series.zones(), range))
        };
        let (mut params, mut range) = (test.params.iter(), test.time_range.into_iter());
        if test.any {
            return params.any(|filter| param(filter, property))
                || test.text.iter().any(|text| text.holds(&property.text()))
                || range.any(in_range);
        }
        params.all(|filter| param(filter, property))
            && (test.text.is_empty() || texts_hold(&test.text, &property.text()))
            && range.all(in_range)
    }
}

/// Whether two are the same component, and not only equal.
fn same(one: &Component<'_>, other: &Component<'_>) -> bool {
    std::ptr::eq(
        std::ptr::from_ref(one).cast::<()>(),
        std::ptr::from_ref(other).cast::<()>(),
    )
}

fn texts_hold(texts: &[TextMatch], value: &str) -> bool {
    texts.iter().all(|text| text.holds(value))
}

fn param(filter: &ParamFilter, property: &Property<'_>) -> bool {
    let mut named = property
        .params()
        .filter(|param| param.is(&filter.name))
        .peekable();
    match &filter.test {
        None => named.peek().is_none(),
        Some(texts) if texts.is_empty() => named.peek().is_some(),
        Some(texts) => named
            .flat_map(|param| param.values())
            .any(|value| texts_hold(texts, &value)),
    }
}
