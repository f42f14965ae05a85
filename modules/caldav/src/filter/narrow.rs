//! What the index of the host can tell of a filter before any object is read.

use dav::store::Filter as IndexFilter;

use super::{CompFilter, CompTest, Filter};
use crate::keys;

/// The part of a filter that the index knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed<'f> {
    kind: Option<&'f str>,
    is_exact: bool,
}

impl Filter {
    /// What to ask the index for: all objects that are meant, and perhaps others.
    pub(crate) fn narrow(&self) -> Narrowed<'_> {
        let root = &self.root;
        let mut narrowed = Narrowed {
            is_exact: root.time_range.is_none() && root.props.is_empty() && root.comps.len() <= 1,
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
        let is_kind = icalendar::object::Kind::of_name(&filter.name).is_some();
        let Some(test) = filter.test.as_ref().filter(|_| is_kind) else {
            self.is_exact = false;
            return;
        };
        self.kind = Some(&filter.name);
        self.is_exact &= *test == CompTest::default();
    }

    /// Whether what the index finds is what is meant, and nothing else.
    pub(crate) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The conditions for the index.
    pub(crate) fn filters(&self) -> Vec<IndexFilter<'f>> {
        let kind = self.kind.map(|kind| IndexFilter::Equals(keys::KIND, kind));
        kind.into_iter().collect()
    }
}
