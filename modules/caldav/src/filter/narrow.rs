//! What the index of the host can tell of a filter before any object is read.

use dav::report::query::Search;
use dav::store::Filter as IndexFilter;
use icalendar::keys::DISTANT;
use icalendar::object::Kind;
use icalendar::series::Range;

use super::{CompFilter, CompTest, Filter};
use crate::keys;

/// The part of a filter that the index knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed<'f> {
    kind: Option<&'f str>,
    time: Option<Range>,
    alarm: Option<Range>,
    /// There is more in the filter than that.
    has_more: bool,
}

impl Filter {
    /// What to ask the index for: together, all objects that are meant, and perhaps others;
    /// no object is found twice. Of alarms it knows those of the calendar's owner alone, who may not
    /// be the one who asks.
    pub(crate) fn searches(&self, asks_owner: bool) -> Vec<Search<'_>> {
        let mut narrowed = self.narrow();
        if !asks_owner {
            narrowed.has_more |= narrowed.alarm.take().is_some();
        }
        let filters = narrowed.filters();
        if narrowed.has_more || narrowed.alarm.is_some() {
            return vec![Search {
                filters,
                is_exact: false,
            }];
        }
        if narrowed.time.is_none() {
            return vec![Search {
                filters,
                is_exact: true,
            }];
        }
        // Of most objects the index knows exactly when they are: those are not even read.
        let with = |value| {
            let mut filters = filters.clone();
            filters.push(IndexFilter::Equals(keys::EXACT, value));
            filters
        };
        vec![
            Search {
                filters: with(keys::YES),
                is_exact: true,
            },
            Search {
                filters: with(keys::NO),
                is_exact: false,
            },
        ]
    }

    fn narrow(&self) -> Narrowed<'_> {
        let root = &self.root;
        let mut narrowed = Narrowed {
            time: root.time_range,
            has_more: !root.props.is_empty() || root.comps.len() > 1,
            ..Narrowed::default()
        };
        for filter in &root.comps {
            narrowed.add(filter);
        }
        narrowed
    }
}

impl<'f> Narrowed<'f> {
    fn add(&mut self, filter: &'f CompFilter) {
        let is_kind = Kind::of_name(&filter.name).is_some();
        let Some(test) = filter.test.as_ref().filter(|_| is_kind) else {
            self.has_more = true;
            return;
        };
        // Objects are of one kind: two at once are none, and the rest is found out then.
        self.kind = Some(&filter.name);
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

    fn filters(&self) -> Vec<IndexFilter<'f>> {
        // The index is asked for what comes first: few objects are at a time, nearly all are of a kind.
        let mut filters = Vec::new();
        for (name, range) in [(keys::TIME, self.time), (keys::ALARM, self.alarm)] {
            // What is open reaches beyond all times that an index knows.
            let range = range.map(|range| {
                let (first, last) = (DISTANT.0 - 1, DISTANT.1 + 1);
                (range.start.clamp(first, last), range.end.clamp(first, last))
            });
            filters.extend(range.map(|(start, end)| IndexFilter::Overlaps(name, start, end)));
        }
        filters.extend(self.kind.map(|kind| IndexFilter::Equals(keys::KIND, kind)));
        filters
    }
}
