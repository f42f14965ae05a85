//! Series of which it is known how often they happen without going through their instances.

use super::Series;
use crate::value::{DAY, LocalTime};

/// What is known of a series that a simple rule makes.
pub(crate) struct Steady {
    /// After this, in UTC seconds, it has only what its rule generates.
    pub(crate) from: i64,
    /// The most seconds from the beginning of an instance to that of the next.
    pub(crate) gap: i64,
}

impl Series<'_> {
    /// How often it happens up to a time; none if that takes going through its instances.
    ///
    /// Zones are looked at as well: where clocks are put forward, they skip times, and an instance at
    /// such a time does not exist (RFC 5545 §3.3.10).
    pub(crate) fn steady(&self, until: i64) -> Option<Steady> {
        let (_, start) = self.master()?;
        let [rule] = self.rules.as_slice() else {
            return None;
        };
        let only_rule =
            self.exclusions.is_empty() && self.dates.is_empty() && self.futures.is_empty();
        if !only_rule || !rule.is_endless() || start.date || start.floating {
            return None;
        }
        let days = rule.days_between_max(start.local)?;
        let first = start.utc();
        let (mut least, mut most) = (start.zone.offset_at(first), start.zone.offset_at(first));
        for shift in start.zone.shifts(first, until) {
            let skipped = i64::from(shift.after) - i64::from(shift.before);
            let begins = LocalTime(shift.utc + i64::from(shift.before));
            if (start.local.0 - begins.0).rem_euclid(DAY) < skipped {
                return None;
            }
            least = least.min(shift.after);
            most = most.max(shift.after);
        }
        let spread = i64::from(most) - i64::from(least);
        let exdates = self.without.times.last().copied();
        let exdays = self.without.days.last().map(|day| (day + 2) * DAY);
        let overrides = self.entries.iter().filter_map(|entry| {
            let start = entry.start.as_ref()?.utc();
            Some(start.saturating_add(entry.extent.seconds_max()))
        });
        let from = overrides.chain(exdates).chain(exdays).max();
        (spread <= DAY).then_some(Steady {
            from: from.unwrap_or(first),
            gap: days.saturating_mul(DAY).saturating_add(spread),
        })
    }
}
