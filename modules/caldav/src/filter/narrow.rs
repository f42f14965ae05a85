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
    /// What to ask the index for: together, all objects that are meant, and perhaps others.
    pub(crate) fn searches(&self) -> Vec<Search<'static>> {
        let narrowed = self.narrow();
        let search = |filters, is_exact| Search { filters, is_exact };
        let looks = narrowed.has_more || narrowed.alarm.is_some();
        let (Some(kind), Some(range), false) = (narrowed.kind, narrowed.time, looks) else {
            return vec![search(narrowed.filters(), !looks)];
        };
        // Of most objects the index knows whether they are in the range: those are not even read.
        let names = Names::of(kind, range);
        [(names.certain, true), (names.possible, false)]
            .into_iter()
            .filter(|(names, _)| !names.is_empty())
            .map(|(names, is_exact)| search(vec![overlaps(names, range)], is_exact))
            .collect()
    }

    fn narrow(&self) -> Narrowed {
        let root = &self.root;
        let mut narrowed = Narrowed {
            has_more: !root.props.is_empty() || root.comps.len() > 1,
            ..Narrowed::default()
        };
        for filter in &root.comps {
            narrowed.add(filter);
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
        match (self.time, test.time_range) {
            (None, Some(range)) => self.time = Some(range),
            (Some(_), Some(_)) => self.has_more = true,
            (_, None) => {}
        }
        for inner in &test.comps {
            let range = inner
                .test
                .as_ref()
                .and_then(|test: &CompTest| test.time_range);
            if let Some(range) = range.filter(|_| inner.name == "VALARM") {
                self.alarm = Some(range);
            }
        }
    }

    fn filters(&self) -> Vec<IndexFilter<'static>> {
        // The index is asked for what comes first: few objects are at a time, nearly all are of a kind.
        let mut filters = Vec::new();
        if let (Some(kind), Some(range)) = (self.kind, self.time) {
            filters.push(overlaps(Names::all(kind), range));
        }
        filters.extend(self.alarm.map(|range| overlaps(&[keys::ALARM], range)));
        // What is at some time is of a kind.
        let kind = self.kind.filter(|_| self.time.is_none());
        filters.extend(kind.map(|kind| IndexFilter::Equals(keys::KIND, kind.name())));
        filters
    }
}

/// That an object may be in a range.
fn overlaps(names: &'static [&'static str], range: Range) -> IndexFilter<'static> {
    // What is open reaches beyond all times that an index knows.
    let (first, last) = (DISTANT.0 - 1, DISTANT.1 + 1);
    let (start, end) = (range.start.clamp(first, last), range.end.clamp(first, last));
    IndexFilter::Overlaps(names, start, end)
}
