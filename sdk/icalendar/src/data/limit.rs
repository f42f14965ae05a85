//! CALDAV:limit-recurrence-set and CALDAV:limit-freebusy-set: RFC 4791 §9.6.6, §9.6.7.

use crate::budget::{Budget, Exceeded};
use crate::component::{Calendar, Item};
use crate::property::Property;
use crate::series::{Range, Series, property_overlaps};
use crate::zone::{Zone, Zones};

/// The object without the overrides that have nothing to do with a range: RFC 4791 §9.6.6.
pub(super) fn overrides<'c>(
    calendar: &'c Calendar<'_>,
    range: Range,
    floating: &Zone,
    budget: &mut Budget,
) -> Result<Calendar<'c>, Exceeded> {
    let series = Series::of(calendar, floating.clone());
    let kept = series.overrides_for(range, budget)?;
    let mut limited: Calendar<'c> = calendar.clone();
    limited.root_mut().retain(|item| match item {
        Item::Component(c) if c.property("RECURRENCE-ID").is_some() => {
            kept.binary_search(&c.line()).is_ok()
        }
        _ => true,
    });
    Ok(limited)
}

/// The object without the FREEBUSY periods outside a range: RFC 4791 §9.6.7.
pub(super) fn periods<'c>(calendar: &Calendar<'c>, range: Range, floating: &Zone) -> Calendar<'c> {
    let zones = Zones::new(calendar, floating.clone());
    let mut limited = calendar.clone();
    for component in limited
        .root_mut()
        .components_mut()
        .filter(|c| c.is("VFREEBUSY"))
    {
        component.items = std::mem::take(&mut component.items)
            .into_iter()
            .filter_map(|item| match item {
                Item::Property(property) if property.is("FREEBUSY") => {
                    limit_periods(property, &zones, range).map(Item::Property)
                }
                item => Some(item),
            })
            .collect();
    }
    limited
}

fn limit_periods<'c>(
    property: Property<'c>,
    zones: &Zones<'_>,
    range: Range,
) -> Option<Property<'c>> {
    let values: Vec<&str> = property.value().split(',').collect();
    let kept: Vec<&str> = values
        .iter()
        .copied()
        .filter(|value| property_overlaps(&property.clone().with_value(value), zones, range))
        .collect();
    if kept.is_empty() {
        return None;
    }
    if kept.len() == values.len() {
        return Some(property);
    }
    let value = kept.join(",");
    Some(property.with_value(&value))
}
