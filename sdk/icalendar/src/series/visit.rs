//! Going through the instances of an object.

use std::ops::ControlFlow;

use super::entry::{Entry, Extent, Stamp};
use super::{Range, Series};
use crate::budget::{Budget, Exceeded};
use crate::component::Component;
use crate::recurrence::{Rule, Until, Walk};
use crate::value::{DAY, LocalTime};
use crate::zone::{Resolved, Zone};

/// One instance of an object.
#[derive(Clone, Debug)]
pub struct Instance<'c> {
    /// The component that describes it: an override, or that of all instances.
    pub component: &'c Component<'c>,
    /// When it begins, in UTC seconds. Of a VTODO without DTSTART, when it is due.
    pub start: i64,
    /// When it ends, in UTC seconds.
    pub end: i64,
    /// When it begins, on its clock.
    pub start_local: LocalTime,
    /// When it ends, on its clock.
    pub end_local: LocalTime,
    /// Whether it is whole days.
    pub is_date: bool,
    /// Which instance of a recurring object it is.
    pub id: Option<InstanceId>,
    pub(super) entry: usize,
}

/// Which instance: what RECURRENCE-ID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceId {
    /// On the clock of DTSTART.
    pub local: LocalTime,
    /// In UTC seconds.
    pub utc: i64,
    /// Whether it is a DATE.
    pub is_date: bool,
}

pub(super) type Visitor<'v, 'c> =
    &'v mut dyn FnMut(&Instance<'c>, &mut Budget) -> Result<ControlFlow<()>, Exceeded>;

impl<'c> Series<'c> {
    /// The instances that overlap a range, by their start; RFC 4791 §9.9 says what that means.
    ///
    /// Fails if the budget runs out.
    pub fn instances(
        &self,
        range: Range,
        budget: &mut Budget,
    ) -> Result<Vec<Instance<'c>>, Exceeded> {
        let mut found: Vec<Instance<'c>> = Vec::new();
        let _all = self.visit(range, budget, &mut |instance, budget| {
            if self.instance_overlaps(instance, range) {
                budget.instance()?;
                found.push(instance.clone());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let key = |i: &Instance<'_>| i.id.map_or(i.start, |id| id.utc);
        found.sort_by_key(|instance| (key(instance), instance.start));
        // An RDATE may repeat what a rule generates.
        found.dedup_by(|a, b| a.id.is_some() && a.id == b.id);
        found.sort_by_key(|instance| instance.start);
        Ok(found)
    }

    /// Visits all instances that might overlap a range (and maybe others), in no order, until told
    /// to break. Tells whether it was.
    ///
    /// Each costs a step of work. Those that count as instances are the visitor's to charge: who asks
    /// for a range does not pay for what lies beside it.
    pub(super) fn visit(
        &self,
        range: Range,
        budget: &mut Budget,
        visitor: Visitor<'_, 'c>,
    ) -> Result<ControlFlow<()>, Exceeded> {
        let master_start = self.master().map(|(_, start)| start);
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(start) = &entry.start else { continue };
            let Some(id) = &entry.id else {
                // A second one without RECURRENCE-ID may not be stored, but may have been.
                if self.master != Some(index) {
                    budget.work(1)?;
                    let instance = self.instance(index, entry, start.local, start, None, None);
                    if visitor(&instance, budget)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                continue;
            };
            let id = match master_start {
                Some(master) => {
                    let local = master.local_of_stamp(id);
                    // Fantastical leaves overrides of instances before a new DTSTART.
                    if local < master.local && !self.rules.is_empty() {
                        continue;
                    }
                    instance_id(local, master)
                }
                None => instance_id(id.local, id),
            };
            let instance = self.instance(index, entry, start.local, start, None, Some(id));
            budget.work(1)?;
            if visitor(&instance, budget)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.visit_master(range, budget, visitor)
    }

    fn visit_master(
        &self,
        range: Range,
        budget: &mut Budget,
        visitor: Visitor<'_, 'c>,
    ) -> Result<ControlFlow<()>, Exceeded> {
        let Some((entry, start)) = self.master() else {
            return Ok(ControlFlow::Continue(()));
        };
        if !self.is_recurring() {
            let index = self.master.unwrap_or(0);
            let instance = self.instance(index, entry, start.local, start, None, None);
            budget.work(1)?;
            return visitor(&instance, budget);
        }
        let mut each = |local: LocalTime, extent: Option<Extent>, budget: &mut Budget| {
            if self.is_excluded(local, start, budget)? {
                return Ok(ControlFlow::Continue(()));
            }
            budget.work(1)?;
            visitor(&self.generated(local, entry, start, extent), budget)
        };
        if each(start.local, None, budget)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let (from, to) = self.window(range, start);
        let in_gap = |local: LocalTime| match &start.zone {
            _ if start.date => false,
            Zone::Utc => false,
            zone => matches!(zone.resolve(local), Resolved::Gap(..)),
        };
        for rule in &self.rules {
            let walk = Walk {
                rule,
                start: start.local,
                until: until(rule, start),
                from,
                to,
            };
            let done = walk.run(budget, &in_gap, &mut |local, budget| {
                each(local, None, budget)
            })?;
            if done.is_break() {
                return Ok(done);
            }
        }
        for (local, extent) in &self.dates {
            if (from..to).contains(local) && each(*local, *extent, budget)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Between which times on the master's clock instances must be generated so that none that
    /// overlaps the range is missed.
    fn window(&self, range: Range, start: &Stamp) -> (LocalTime, LocalTime) {
        let mut length = self
            .dates
            .iter()
            .filter_map(|(_, extent)| *extent)
            .map(Extent::seconds_max)
            .max()
            .unwrap_or(0);
        let (mut later, mut earlier) = (0, 0);
        if let Some((entry, _)) = self.master() {
            length = length.max(entry.extent.seconds_max());
        }
        for entry in self
            .futures
            .iter()
            .filter_map(|(_, index)| self.entries.get(*index))
        {
            length = length.max(entry.extent.seconds_max());
            if let (Some(start), Some(id)) = (&entry.start, &entry.id) {
                let shift = start.utc() - id.utc();
                later = later.max(shift);
                earlier = earlier.max(-shift);
            }
        }
        // Clocks of zones are put forward and back, and what has moved stays on its own clock. Both ends
        // count for some: RFC 4791 §9.9.
        let slack = match start.zone {
            Zone::Utc if self.futures.is_empty() => 1,
            _ => DAY,
        };
        let range = range.widened(length + later + slack, earlier + slack);
        // Far enough from both ends of what a clock can show.
        let local = |utc: i64, open: LocalTime| {
            if (LocalTime::MIN.0 + 2 * DAY..LocalTime::MAX.0 - 2 * DAY).contains(&utc) {
                start.zone.to_local(utc)
            } else {
                open
            }
        };
        let from = local(range.start, LocalTime::MIN);
        let to = local(
            range.end,
            if range.end < 0 {
                LocalTime::MIN
            } else {
                LocalTime::MAX
            },
        );
        (
            if range.start > LocalTime::MAX.0 {
                LocalTime::MAX
            } else {
                from
            },
            to,
        )
    }

    fn is_excluded(
        &self,
        local: LocalTime,
        start: &Stamp,
        budget: &mut Budget,
    ) -> Result<bool, Exceeded> {
        let without = &self.without;
        if !without.times.is_empty() && without.times.binary_search(&start.key(local)).is_ok() {
            return Ok(true);
        }
        if !without.days.is_empty() && without.days.binary_search(&local.days()).is_ok() {
            return Ok(true);
        }
        for rule in &self.exclusions {
            let walk = Walk {
                rule,
                start: start.local,
                until: until(rule, start),
                from: local,
                to: LocalTime(local.0 + 1),
            };
            let hit = walk.run(budget, &|_| false, &mut |_, _| Ok(ControlFlow::Break(())))?;
            if hit.is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The instance that a rule or RDATE generates.
    fn generated(
        &self,
        local: LocalTime,
        entry: &Entry<'c>,
        start: &Stamp,
        extent: Option<Extent>,
    ) -> Instance<'c> {
        let id = instance_id(local, start);
        let until = self.futures.partition_point(|(utc, _)| *utc <= id.utc);
        let future = until.checked_sub(1).and_then(|last| {
            let (_, index) = *self.futures.get(last)?;
            let entry = self.entries.get(index)?;
            Some((index, entry, entry.start.as_ref()?, entry.id.as_ref()?))
        });
        let Some((index, entry, future, from)) = future else {
            let index = self.master.unwrap_or(0);
            return self.instance(index, entry, local, start, extent, Some(id));
        };
        // RFC 5545 §3.8.4.4: the effective start and end "are also shifted by the same time".
        let shifted = if future.date || start.date {
            LocalTime(local.0 + future.local.0 - start.local_of_stamp(from).0)
        } else {
            // On the clock of the override, so that the time of day stays.
            let at = |utc| future.zone.to_local(utc).0;
            LocalTime(at(id.utc) + future.local.0 - at(from.utc()))
        };
        self.instance(index, entry, shifted, future, extent, Some(id))
    }

    pub(super) fn instance(
        &self,
        index: usize,
        entry: &Entry<'c>,
        local: LocalTime,
        start: &Stamp,
        extent: Option<Extent>,
        id: Option<InstanceId>,
    ) -> Instance<'c> {
        let utc = start.zone.to_utc(local);
        let extent = extent.unwrap_or(entry.extent);
        let (end_local, end) = extent.after(local, utc, &start.zone);
        Instance {
            component: entry.component,
            start: utc,
            end,
            start_local: local,
            end_local,
            is_date: start.date,
            id,
            entry: index,
        }
    }
}

fn instance_id(local: LocalTime, start: &Stamp) -> InstanceId {
    InstanceId {
        local,
        utc: start.zone.to_utc(local),
        is_date: start.date,
    }
}

/// UNTIL on the clock of DTSTART.
fn until(rule: &Rule, start: &Stamp) -> Option<LocalTime> {
    rule.until.map(|until| match until {
        Until::Local(local) => local,
        // Beside a DATE it is a mistake, of which the date is right.
        Until::Utc(utc) if start.date => LocalTime(utc),
        Until::Utc(utc) => start.zone.to_local(utc),
    })
}
