//! Alarms and when they go off: RFC 5545 §3.6.6, §3.8.6; RFC 4791 §9.9.

use std::ops::ControlFlow;

use super::{Instance, Range, Series};
use crate::budget::{Budget, Exceeded};
use crate::component::Component;
use crate::value::{DAY, Duration, LocalTime};
use crate::zone::Zones;

/// When an alarm goes off.
pub(crate) struct Alarm<'c> {
    pub(crate) component: &'c Component<'c>,
    trigger: Trigger,
    /// How often again, and after how many seconds each.
    repeat: i64,
    every: i64,
}

#[derive(Clone, Copy)]
enum Trigger {
    At(i64),
    Start(Duration),
    End(Duration),
}

impl<'c> Alarm<'c> {
    /// Reads a VALARM; none if it has no trigger that can be read.
    fn read(component: &'c Component<'c>, zones: &Zones<'_>) -> Option<Self> {
        let property = component.property("TRIGGER")?;
        let trigger = match property.duration() {
            Ok(duration) if property.param("RELATED").is_some_and(|r| is_end(&r)) => {
                Trigger::End(duration)
            }
            Ok(duration) => Trigger::Start(duration),
            Err(_) => Trigger::At(zones.utc(&property.time().ok()?)),
        };
        let repeat = component.property("REPEAT").and_then(|p| p.integer());
        let every = component
            .property("DURATION")
            .and_then(|p| p.duration().ok())
            .map_or(0, Duration::approximate_seconds);
        Some(Self {
            component,
            trigger,
            repeat: if every > 0 {
                repeat.unwrap_or(0).clamp(0, 1_000_000)
            } else {
                0
            },
            every: every.max(0),
        })
    }

    /// Whether it goes off at a time that is the same whichever the instance.
    pub(crate) fn is_absolute(&self) -> bool {
        matches!(self.trigger, Trigger::At(_))
    }

    /// From when until when it goes off for an instance: in UTC seconds, both inclusive.
    pub(crate) fn times(&self, instance: Option<&Instance<'_>>, series: &Series<'_>) -> (i64, i64) {
        let first = match (self.trigger, instance) {
            (Trigger::At(utc), _) => utc,
            (_, None) => 0,
            (Trigger::Start(d), Some(i)) => series.offset(i, i.start_local, i.start, d),
            (Trigger::End(d), Some(i)) => series.offset(i, i.end_local, i.end, d),
        };
        (
            first,
            first.saturating_add(self.repeat.saturating_mul(self.every)),
        )
    }

    /// Whether one of its times is in a range.
    fn goes_off(&self, instance: Option<&Instance<'_>>, series: &Series<'_>, range: Range) -> bool {
        let (first, last) = self.times(instance, series);
        if range.contains(first) {
            return true;
        }
        if self.repeat == 0 || first >= range.end || last < range.start {
            return false;
        }
        // The first repetition that is not before the range.
        let steps = (range.start - first + self.every - 1) / self.every;
        steps <= self.repeat && range.contains(first + steps * self.every)
    }

    /// Between which seconds after its instance it goes off: after the start at the earliest, and
    /// after the end at the latest. Days may be an hour longer or shorter, or even a whole day.
    pub(crate) fn within(&self) -> (i64, i64) {
        let (Trigger::Start(duration) | Trigger::End(duration)) = self.trigger else {
            return (0, 0);
        };
        let seconds = duration.approximate_seconds();
        let slack = if duration.days == 0 { 0 } else { DAY };
        let last = seconds.saturating_add(self.repeat.saturating_mul(self.every));
        (seconds.saturating_sub(slack), last.saturating_add(slack))
    }

    /// How much later, and how much earlier than its instance it may go off, in seconds.
    fn reach(&self) -> (i64, i64) {
        let (Trigger::Start(duration) | Trigger::End(duration)) = self.trigger else {
            return (0, 0);
        };
        let seconds = duration.approximate_seconds();
        let later = seconds.saturating_add(self.repeat.saturating_mul(self.every));
        (later.max(0) + DAY, (-seconds).max(0) + DAY)
    }
}

fn is_end(related: &str) -> bool {
    related.eq_ignore_ascii_case("END")
}

impl<'c> Series<'c> {
    /// The alarms of a component.
    pub(crate) fn alarms(&self, component: &'c Component<'c>) -> Vec<Alarm<'c>> {
        component
            .components()
            .filter(|c| c.is("VALARM"))
            .filter_map(|alarm| Alarm::read(alarm, &self.zones))
            .collect()
    }

    /// Whether any alarm goes off in a range that passes: given the component that it is in, and
    /// the VALARM.
    ///
    /// Fails if the budget runs out.
    pub fn any_alarm(
        &self,
        range: Range,
        budget: &mut Budget,
        passes: &mut dyn FnMut(&Component<'c>, &Component<'c>) -> bool,
    ) -> Result<bool, Exceeded> {
        let alarms: Vec<Vec<Alarm<'c>>> = self
            .entries
            .iter()
            .map(|entry| self.alarms(entry.component))
            .collect();
        let (mut later, mut earlier) = (0, 0);
        let mut relative = false;
        for (entry, list) in self.entries.iter().zip(&alarms) {
            for alarm in list {
                let at_once = alarm.is_absolute() && alarm.goes_off(None, self, range);
                if at_once && passes(entry.component, alarm.component) {
                    return Ok(true);
                }
                relative |= !alarm.is_absolute();
                later = later.max(alarm.reach().0);
                earlier = earlier.max(alarm.reach().1);
            }
        }
        if !relative {
            return Ok(false);
        }
        let most = alarms.iter().map(Vec::len).max().unwrap_or(0) as u64;
        let wide = range.widened(later, earlier);
        let found = self.visit(wide, budget, &mut |instance, budget| {
            budget.work(most)?;
            let found = alarms.get(instance.entry).is_some_and(|list| {
                list.iter().any(|alarm| {
                    !alarm.is_absolute()
                        && alarm.goes_off(Some(instance), self, range)
                        && passes(instance.component, alarm.component)
                })
            });
            Ok(if found {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(found.is_break())
    }

    /// The time so long after a time of an instance: days on the clock, seconds exactly.
    fn offset(&self, i: &Instance<'_>, local: LocalTime, utc: i64, by: Duration) -> i64 {
        if by.days == 0 {
            return utc + by.seconds;
        }
        let zone = self
            .entries
            .get(i.entry)
            .and_then(|entry| entry.start.as_ref())
            .map_or(self.zones.floating(), |start| &start.zone);
        zone.to_utc(LocalTime(local.0 + by.days * DAY)) + by.seconds
    }
}
