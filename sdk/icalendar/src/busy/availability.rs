//! VAVAILABILITY: RFC 7953 §3.1, §4.

use std::collections::BTreeMap;

use super::BusyType;
use super::intervals::{Interval, merge, subtract};
use crate::budget::{Budget, Exceeded};
use crate::component::Component;
use crate::series::{Range, Series};
use crate::zone::Zones;

/// All that is known of someone's availability.
#[derive(Clone, Debug, Default)]
pub(super) struct Availability {
    components: Vec<Window>,
}

/// One VAVAILABILITY.
#[derive(Clone, Debug)]
struct Window {
    /// From 0 for the lowest to 9 for the highest.
    rank: i64,
    span: Interval,
    /// None if its time is free all the same.
    busy_type: Option<BusyType>,
    free: Vec<Interval>,
}

impl Availability {
    /// Adds a VAVAILABILITY. Fails if the budget runs out.
    pub(super) fn add(
        &mut self,
        component: &Component<'_>,
        zones: &Zones<'_>,
        range: Range,
        budget: &mut Budget,
    ) -> Result<(), Exceeded> {
        let own = Series::of_components([component], zones);
        let Some(span) = own.span() else {
            return Ok(());
        };
        let span = (span.0.max(range.start), span.1.min(range.end));
        if span.0 >= span.1 {
            return Ok(());
        }
        let within = Range::new(Some(span.0), Some(span.1));
        let mut free = Vec::new();
        for group in by_object_uid(component) {
            let series = Series::of_components(group, zones);
            for instance in series.instances(within, budget)? {
                free.push((instance.start.max(span.0), instance.end.min(span.1)));
            }
        }
        let busy_type = match component.text("BUSYTYPE") {
            Some(name) => BusyType::read(name.trim()),
            None => Some(BusyType::Unavailable),
        };
        // "1 is the highest priority, and 9 is the lowest", but 0 is below all.
        let priority = component.property("PRIORITY").and_then(|p| p.integer());
        self.components.push(Window {
            rank: match priority {
                Some(priority @ 1..=9) => 10 - priority,
                _ => 0,
            },
            span,
            busy_type,
            free,
        });
        Ok(())
    }

    /// Time that is not available, by type: from the lowest rank to the highest, what a rank says
    /// holds for its time.
    pub(super) fn by_type(&self) -> [Vec<Interval>; 3] {
        let mut components: Vec<&Window> = self.components.iter().collect();
        components.sort_by_key(|window| window.rank);
        let mut by_type: [Vec<Interval>; 3] = Default::default();
        for group in components.chunk_by(|a, b| a.rank == b.rank) {
            let all = merge(group.iter().map(|window| window.span).collect());
            let mut gone = merge(group.iter().flat_map(|w| w.free.iter().copied()).collect());
            for (busy_type, list) in BusyType::ALL.into_iter().zip(&mut by_type) {
                let spans = group
                    .iter()
                    .filter(|window| window.busy_type == Some(busy_type))
                    .map(|window| window.span);
                // BUSY > BUSY-UNAVAILABLE > BUSY-TENTATIVE within one rank.
                let own = subtract(&merge(spans.collect()), &gone);
                gone = merge(gone.into_iter().chain(own.iter().copied()).collect());
                let mut kept = subtract(list, &all);
                kept.extend(own);
                *list = merge(kept);
            }
        }
        by_type
    }
}

/// The AVAILABLE components, those of one recurrence together.
fn by_object_uid<'c, 'a>(component: &'c Component<'a>) -> Vec<Vec<&'c Component<'a>>> {
    let mut groups: BTreeMap<String, Vec<&'c Component<'a>>> = BTreeMap::new();
    let mut alone = Vec::new();
    for available in component.components().filter(|c| c.is("AVAILABLE")) {
        match available.text("UID") {
            Some(uid) => groups.entry(uid.into_owned()).or_default().push(available),
            None => alone.push(vec![available]),
        }
    }
    groups.into_values().chain(alone).collect()
}
