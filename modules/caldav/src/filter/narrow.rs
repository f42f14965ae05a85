//! What the index of the host can tell of a filter before any object is read.

use dav::report::query::Search;
use dav::store::Filter as IndexFilter;
use icalendar::keys::{DISTANT, Names};
use icalendar::object::Kind;
use icalendar::series::Range;

use super::{CompFilter, CompTest, Filter};
use crate::keys;

/// The part of a filter that the index knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed {
    kind: Option<Kind>,
    time: Option<Range>,
    alarm: Option<Range>,
    /// There is more in the filter than that.
    has_more: bool,
}

impl Filter {
    /// What the index knows of it. Of alarms it knows those of the calendar's owner alone, who may not
    /// be the one who asks.
    pub(crate) fn narrow(&self, asks_owner: bool) -> Narrowed {
        let root = &self.root;
        if root.any {
            return Narrowed {
                has_more: true,
                ..Narrowed::default()
            };
        }
        let mut narrowed = Narrowed {
            time: root.time_range,
            has_more: !root.props.is_empty() || root.comps.len() > 1,
            ..Narrowed::default()
        };
        for filter in &root.comps {
            narrowed.add(filter);
        }
        if !asks_owner {
            narrowed.has_more |= narrowed.alarm.take().is_some();
        }
        narrowed
    }
}

impl Narrowed {
    fn add(&mut self, filter: &CompFilter) {
        let kind = Kind::of_name(&filter.name);
        let (Some(kind), Some(test)) = (kind, &filter.test) else {
            self.has_more = true;
            return;
        };
        // Objects are of one kind: two at once are none, and the rest is found out then.
        self.kind = Some(kind);
        self.has_more |= !test.props.is_empty() || !test.comps.is_empty();
        if test.any {
            return;
        }
        match (self.time, test.time_range) {
            (None, Some(range)) => self.time = Some(range),
            (Some(_), Some(_)) => self.has_more = true,
            (_, None) => {}
        }
        for inner in &test.comps {
            let test = inner.test.as_ref().filter(|test| !test.any);
            let range = test.and_then(|test: &CompTest| test.time_range);
            if let Some(range) = range.filter(|_| inner.name == "VALARM") {
                self.alarm = Some(range);
            }
        }
    }

    /// That an object may be in the range of time: under each name that the index has for that, those
    /// first under which it is for certain, and those last whose keys do not reach so far.
    pub(crate) fn times(&self) -> Vec<IndexFilter<'static>> {
        let Some(range) = self.time else {
            return Vec::new();
        };
        let names = Names::of(self.kind, range);
        let near = names.certain.iter().chain(names.possible);
        let names = near.chain(names.beyond);
        names.map(|name| overlaps(name, range)).collect()
    }

    /// What to ask the index for, given [`Narrowed::times`]: together, all objects that are meant, and
    /// perhaps others. A series that is known up to a time in the range may be found twice.
    ///
    /// Keys that do not reach into the range are to be made to, if it ends before `horizon`. What
    /// they know then is found by what is asked for after that.
    pub(crate) fn searches<'t>(
        &self,
        times: &'t [IndexFilter<'t>],
        horizon: i64,
    ) -> Vec<Search<'t>> {
        let looks = self.has_more || self.alarm.is_some();
        let search = |times, is_exact| Search {
            filters: self.filters(times),
            is_exact,
            reach: None,
        };
        let Some(range) = self.time else {
            return vec![search(times, !looks)];
        };
        let names = Names::of(self.kind, range);
        let known = names.certain.len() + names.possible.len();
        let (known, beyond) = times.split_at_checked(known).unwrap_or_default();
        let (certain, possible) = known
            .split_at_checked(names.certain.len())
            .unwrap_or_default();
        let beyond = Search {
            reach: (range.end <= horizon).then_some(range.end),
            ..search(beyond, false)
        };
        // Of most objects the index knows whether they are in the range: those are not even read.
        let known = match looks {
            true => vec![search(known, false)],
            false => vec![search(possible, false), search(certain, true)],
        };
        let all = std::iter::once(beyond).chain(known);
        all.filter(|search| !matches!(search.filters.first(), Some(IndexFilter::Any([]))))
            .collect()
    }

    fn filters<'t>(&self, times: &'t [IndexFilter<'t>]) -> Vec<IndexFilter<'t>> {
        // The index is asked for what comes first: few objects are at a time, nearly all are of a kind.
        let mut filters = Vec::new();
        if self.time.is_some() {
            filters.push(IndexFilter::Any(times));
        }
        filters.extend(self.alarm.map(|range| overlaps(keys::ALARM, range)));
        // What is at some time under the names of a kind is of that kind.
        let kind = self.kind.filter(|_| self.time.is_none());
        filters.extend(kind.map(|kind| IndexFilter::Equals(keys::KIND, kind.name())));
        filters
    }
}

/// That an object may be in a range.
fn overlaps(name: &'static str, range: Range) -> IndexFilter<'static> {
    // What is open reaches beyond all times that an index knows.
    let (first, last) = (DISTANT.0 - 1, DISTANT.1 + 1);
    let (start, end) = (range.start.clamp(first, last), range.end.clamp(first, last));
    IndexFilter::Overlaps(name, start, end)
}
