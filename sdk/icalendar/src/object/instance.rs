//! One instance of a recurring component as a component of its own, so that it can be changed alone.

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Component};
use crate::property::Property;
use crate::series::{Range, Series};
use crate::value::{LocalTime, Time};
use crate::zone::Zone;

/// The override that the instance with this RECURRENCE-ID would have, saying what it says anyway; none
/// if there is no such instance. The id is as DTSTART would write it.
pub fn instance(
    calendar: &Calendar<'_>,
    id: &str,
    budget: &mut Budget,
) -> Result<Option<Component<'static>>, Exceeded> {
    let mut masters = calendar
        .calendar_components()
        .filter(|component| component.property("RECURRENCE-ID").is_none());
    let Some(master) = masters.next() else {
        return Ok(None);
    };
    let Some(start) = master.property("DTSTART") else {
        return Ok(None);
    };
    let (Ok(time), Ok(old)) = (Time::read(id, start.param("TZID")), start.time()) else {
        return Ok(None);
    };
    let series = Series::of(calendar, Zone::Utc);
    let utc = series.zones().utc(&time);
    let around = Range::new(Some(utc), Some(utc.saturating_add(1)));
    let instances = series.instances(around, budget)?;
    let mut ids = instances.iter().filter_map(|instance| instance.id.as_ref());
    if !ids.any(|id| id.local == time.local) {
        return Ok(None);
    }
    let mut made = master.clone().into_owned();
    for name in ["RRULE", "RDATE", "EXDATE", "EXRULE"] {
        made.remove(name);
    }
    made.set(start.clone().into_owned().with_value(id));
    for name in ["DTEND", "DUE"] {
        if let Some(end) = master.property(name)
            && let Ok(value) = end.time()
        {
            let mut moved = value.clone();
            moved.local = LocalTime(value.local.0 + time.local.0 - old.local.0);
            made.set(end.clone().into_owned().with_value(&moved.text()));
        }
    }
    let mut recurrence_id = Property::new("RECURRENCE-ID", id);
    for param in start
        .params()
        .filter(|param| param.is("TZID") || param.is("VALUE"))
    {
        for value in param.values() {
            recurrence_id = recurrence_id.with_param(param.name(), &value);
        }
    }
    made.set(recurrence_id.into_owned());
    Ok(Some(made))
}
