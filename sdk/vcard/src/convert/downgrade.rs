//! vCard 4.0 as 3.0: RFC 6350 appendix A the other way round, with what Apple's Contacts, Evolution
//! and others write into vCard 3.0 for what it has no words for.

use std::collections::BTreeMap;

use super::date::{extended_offset, to_extended};
use super::draft::Draft;
use super::media::{MEDIA, to_inline};
use super::{Output, TAG, VALUE_TAG, full_name};
use crate::Version;
use crate::card::Card;
use crate::property::Property;
use crate::text::escape;

/// The year that Apple's Contacts write for none: one with a 29th of February.
const NO_YEAR: &str = "1604";

pub(super) fn convert(card: &Card<'_>) -> Vec<u8> {
    let mut output = Output::new(Version::V3_0);
    let preferred = preferred(card);
    let shows_as = card.first("X-ABSHOWAS").is_some();
    let mut named = false;
    for (at, property) in card.properties().iter().enumerate() {
        if property.is("VERSION") {
            continue;
        }
        let mut draft = Draft::of(property);
        draft.unquote_types();
        prefer(
            &mut draft,
            preferred.get(&property.name().to_ascii_uppercase()) == Some(&at),
        );
        if property.is("N") && std::mem::replace(&mut named, true) {
            // Alternatives in other languages (RFC 6350 §5.4): programs take the last one, or fail.
            draft.name = format!("{TAG}N");
        }
        let mut more = None;
        downgrade(property, &mut draft, shows_as, &mut more);
        output.push_changed(property, &draft);
        if let Some(more) = more {
            output.push(&more);
        }
    }
    let name = full_name(card);
    if card.first("FN").is_none() {
        let mut value = String::new();
        escape(&mut value, &name);
        output.push(&Draft::new("FN", value));
    }
    if !named {
        // It must be there. RFC 2426 §3.1.2.
        let mut value = String::new();
        escape(&mut value, &name);
        output.push(&Draft::new("N", value + ";;;;"));
    }
    output.into_bytes()
}

/// Of all properties of a name the place of the one to prefer: the lowest PREF. RFC 6350 §5.3.
fn preferred(card: &Card<'_>) -> BTreeMap<String, usize> {
    let mut best: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    for (at, property) in card.properties().iter().enumerate() {
        let pref = property.parameter("PREF");
        if let Some(pref) = pref.and_then(|pref| pref.trim().parse().ok()) {
            let name = property.name().to_ascii_uppercase();
            let known = best.entry(name).or_insert((pref, at));
            *known = (*known).min((pref, at));
        }
    }
    best.into_iter().map(|(name, (_, at))| (name, at)).collect()
}

/// `PREF=1` is `TYPE=pref`. All others are kept as they are, to come back.
fn prefer(draft: &mut Draft, is_best: bool) {
    let first = draft.has("PREF", "1");
    if first {
        draft.remove("PREF");
    }
    if first || is_best {
        draft.add_type("pref");
    }
}

fn downgrade(property: &Property<'_>, draft: &mut Draft, shows_as: bool, more: &mut Option<Draft>) {
    match property.name().to_ascii_uppercase().as_str() {
        media if MEDIA.contains(&media) => to_inline(draft),
        "BDAY" | "DEATHDATE" => date(draft),
        "ANNIVERSARY" => {
            draft.name = "X-ANNIVERSARY".into();
            date(draft);
        }
        "REV" => {
            draft.remove("VALUE");
            if let Some(extended) = to_extended(&draft.value) {
                draft.value = extended;
            }
        }
        "GEO" => position(draft),
        "TZ" => zone(draft),
        "TEL" => telephone(draft),
        "KIND" if draft.value.eq_ignore_ascii_case("org") && !shows_as => {
            *draft = Draft::new("X-ABShowAs", "COMPANY");
        }
        "KIND" => draft.name = "X-ADDRESSBOOKSERVER-KIND".into(),
        "MEMBER" => member(draft),
        "UID" => {
            draft.remove("VALUE");
        }
        "RELATED" => agent(draft),
        "ADR" => *more = label(property, draft),
        "N" => {
            *more = sort_string(property, draft);
        }
        _ => {}
    }
}

fn date(draft: &mut Draft) {
    if draft.has("VALUE", "text") {
        return;
    }
    draft.remove("VALUE");
    let without_year = draft
        .value
        .strip_prefix("--")
        .filter(|rest| rest.len() >= 4 && !rest.starts_with('-'))
        .and_then(|rest| to_extended(&format!("{NO_YEAR}{rest}")));
    if let Some(date) = without_year {
        draft.set("X-APPLE-OMIT-YEAR", NO_YEAR);
        set_date(draft, date);
    } else if let Some(date) = to_extended(&draft.value) {
        set_date(draft, date);
    } else {
        // A month, a day or a year alone. RFC 6350 §4.3.1.
        draft.set("VALUE", "text");
        draft.set(VALUE_TAG, "date-and-or-time");
    }
}

fn set_date(draft: &mut Draft, date: String) {
    let kind = if date.contains('T') {
        "date-time"
    } else {
        "date"
    };
    draft.set("VALUE", kind);
    draft.value = date;
}

fn position(draft: &mut Draft) {
    let plain = draft
        .value
        .get(..4)
        .filter(|scheme| scheme.eq_ignore_ascii_case("geo:"))
        .and_then(|_| draft.value.get(4..))
        .and_then(|rest| rest.split_once(','))
        .filter(|(_, longitude)| !longitude.contains([',', ';']));
    match plain {
        Some((latitude, longitude)) => {
            draft.value = format!("{latitude};{longitude}");
            draft.remove("VALUE");
        }
        None => draft.set("VALUE", "uri"),
    }
}

fn zone(draft: &mut Draft) {
    if draft.has("VALUE", "utc-offset") {
        draft.remove("VALUE");
        draft.value = extended_offset(&draft.value);
    } else if draft.parameter("VALUE").is_none() {
        draft.set("VALUE", "text");
    }
}

/// A number as vCard 3.0 has it; `VALUE=uri` comes back by the tag.
fn telephone(draft: &mut Draft) {
    let number = draft
        .value
        .get(..4)
        .filter(|scheme| scheme.eq_ignore_ascii_case("tel:"))
        .and_then(|_| draft.value.get(4..))
        .map(str::to_owned);
    match number {
        Some(number) if draft.has("VALUE", "uri") => {
            draft.remove("VALUE");
            draft.set(VALUE_TAG, "uri");
            draft.value = number;
        }
        _ if draft.has("VALUE", "text") => {
            draft.remove("VALUE");
        }
        _ => {}
    }
}

/// Apple's Contacts know members by `urn:uuid:` alone; some programs leave it out in vCard 4.0.
fn member(draft: &mut Draft) {
    draft.name = "X-ADDRESSBOOKSERVER-MEMBER".into();
    draft.remove("VALUE");
    if !super::media::is_uri(&draft.value) {
        draft.value.insert_str(0, "urn:uuid:");
    }
}

/// RFC 6350 appendix A.2: AGENT has become a relation.
fn agent(draft: &mut Draft) {
    if draft.has("VALUE", "text") {
        return;
    }
    let is_agent = !draft
        .take_types(|word| word.eq_ignore_ascii_case("agent"))
        .is_empty();
    if is_agent {
        draft.name = "AGENT".into();
        draft.set("VALUE", "uri");
    }
}

/// The parameter LABEL is a property of its own in vCard 3.0, with the types of its address.
/// RFC 2426 §3.2.2.
fn label(property: &Property<'_>, draft: &mut Draft) -> Option<Draft> {
    let label = property.parameter("LABEL")?;
    draft.remove("LABEL");
    let mut value = String::new();
    // RFC 6350 §6.3.1 shows `\n` in it, which is from before RFC 6868.
    escape(&mut value, &label.replace("\\n", "\n").replace("\\N", "\n"));
    let mut more = Draft::new("LABEL", value);
    more.group.clone_from(&draft.group);
    let types = draft.parameters.iter();
    let types = types.filter(|(name, _)| name.eq_ignore_ascii_case("TYPE"));
    more.parameters.extend(types.cloned());
    Some(more)
}

/// RFC 2426 §3.6.5: how to sort is a property of its own.
fn sort_string(property: &Property<'_>, draft: &mut Draft) -> Option<Draft> {
    if draft.name.starts_with(TAG) {
        return None;
    }
    let sort_as = property
        .parameters()
        .find(|parameter| parameter.is("SORT-AS"))?;
    let text: Vec<String> = sort_as.values().map(|value| value.into_owned()).collect();
    draft.remove("SORT-AS");
    let mut value = String::new();
    escape(&mut value, &text.join(","));
    Some(Draft::new("SORT-STRING", value))
}
