//! vCard 3.0 as 4.0: RFC 6350 appendix A.

use std::collections::BTreeMap;

use super::date::{is_offset, to_basic};
use super::draft::Draft;
use super::media::{MEDIA, is_uri, to_uri};
use super::{Output, TAG, VALUE_TAG, full_name};
use crate::Version;
use crate::card::Card;
use crate::property::Property;
use crate::text::{encode_parameter, escape};

/// How many LABELs find their ADR; more stay by themselves.
const LABELS: usize = 100;

pub(super) fn convert(card: &Card<'_>) -> Vec<u8> {
    let mut output = Output::new(Version::V4_0);
    let labels = labels_of_addresses(card);
    let labelled: Vec<usize> = labels.values().copied().collect();
    // One of them moves into N; RFC 2426 §3.6.5 has it once.
    let sort_string = card
        .first("SORT-STRING")
        .filter(|_| card.first("N").is_some());
    let mut sorted = false;
    let mut facts = Facts::of(card);
    for (at, property) in card.properties().iter().enumerate() {
        let is_sort_string = property.is("SORT-STRING") && sort_string.is_some();
        if property.is("VERSION") || labelled.contains(&at) || is_sort_string {
            continue;
        }
        let mut draft = Draft::of(property);
        upgrade(property, &mut draft, &mut facts);
        if let Some(label) = labels.get(&at).and_then(|at| card.properties().get(*at)) {
            let text = encode_parameter(&label.text());
            draft.set("LABEL", quoted(text));
        }
        if let (true, false, Some(sort_string)) = (property.is("N"), sorted, sort_string) {
            sorted = true;
            draft.set("SORT-AS", quoted(encode_parameter(&sort_string.text())));
        }
        output.push_changed(property, &draft);
    }
    if card.first("FN").is_none() {
        let mut name = String::new();
        escape(&mut name, &full_name(card));
        output.push(&Draft::new("FN", name));
    }
    output.into_bytes()
}

fn quoted(text: String) -> String {
    match text.starts_with('"') {
        true => text,
        false => format!("\"{text}\""),
    }
}

/// What there is already of what may be there once, as far as it decides about other properties.
struct Facts {
    kind: bool,
    /// A kind is said in the words of Apple's Contacts for groups, which go before others.
    group_kind: bool,
    anniversary: bool,
}

impl Facts {
    fn of(card: &Card<'_>) -> Self {
        let has = |name: &str| card.first(name).is_some();
        Self {
            kind: has("KIND"),
            group_kind: has("X-ADDRESSBOOKSERVER-KIND"),
            anniversary: has("ANNIVERSARY"),
        }
    }
}

fn upgrade(property: &Property<'_>, draft: &mut Draft, facts: &mut Facts) {
    prefer(draft);
    let mut name = property.name().to_ascii_uppercase();
    if let Some(tagged) = name.strip_prefix(TAG) {
        name = tagged.to_owned();
        draft.name.clone_from(&name);
    }
    // A value whose type vCard 3.0 doesn't have: it was put there by `downgrade`.
    if let Some(kind) = draft.remove(VALUE_TAG) {
        draft.remove("VALUE");
        match kind.as_str() {
            "uri" if name == "TEL" => {
                draft.value.insert_str(0, "tel:");
                draft.set("VALUE", "uri");
            }
            "date-and-or-time" => {}
            _ => draft.set("VALUE", kind),
        }
        return;
    }
    match name.as_str() {
        media if MEDIA.contains(&media) => to_uri(draft, property.is_base64()),
        "BDAY" | "ANNIVERSARY" | "DEATHDATE" => date(draft),
        "X-ANNIVERSARY" if !facts.anniversary => {
            facts.anniversary = true;
            draft.name = "ANNIVERSARY".into();
            date(draft);
        }
        "REV" => {
            draft.remove("VALUE");
            draft.value = to_basic(&draft.value);
        }
        "GEO" => position(draft),
        "TZ" => zone(draft),
        "X-ADDRESSBOOKSERVER-KIND" if !facts.kind => {
            facts.kind = true;
            draft.name = "KIND".into();
        }
        "X-ADDRESSBOOKSERVER-MEMBER" => draft.name = "MEMBER".into(),
        // Apple's Contacts have their own word for organisations.
        "X-ABSHOWAS"
            if !facts.kind && !facts.group_kind && draft.value.eq_ignore_ascii_case("COMPANY") =>
        {
            facts.kind = true;
            *draft = Draft::new("KIND", "org");
        }
        // RFC 6350 §6.7.6: a URI, unless it says that it is none.
        "UID" if !is_uri(&draft.value) => draft.set("VALUE", "text"),
        "UID" => {
            draft.remove("VALUE");
        }
        "AGENT" if draft.has("VALUE", "uri") => {
            draft.name = "RELATED".into();
            draft.remove("VALUE");
            draft.add_type("agent");
        }
        "URL" | "SOURCE" | "IMPP" | "FBURL" | "CALURI" | "CALADRURI"
            if draft.has("VALUE", "uri") =>
        {
            draft.remove("VALUE");
        }
        _ => {}
    }
}

/// `TYPE=pref` is `PREF=1`. RFC 6350 §5.3; one that `downgrade` has added says it already.
fn prefer(draft: &mut Draft) {
    let preferred = !draft
        .take_types(|word| word.eq_ignore_ascii_case("pref"))
        .is_empty();
    if preferred && draft.parameter("PREF").is_none() {
        draft.set("PREF", "1");
    }
}

/// RFC 6350 §4.3.1 has dates without a year; Apple's Contacts say in vCard 3.0 which one to omit.
fn date(draft: &mut Draft) {
    let omitted = draft.remove("X-APPLE-OMIT-YEAR");
    if draft.has("VALUE", "text") {
        return;
    }
    draft.remove("VALUE");
    let basic = to_basic(&draft.value);
    let year = omitted.filter(|year| year.len() == 4 && basic.len() >= 8);
    draft.value = match year.and_then(|year| basic.strip_prefix(year.as_str()).map(str::to_owned)) {
        Some(without) => format!("--{without}"),
        None => basic,
    };
}

/// `37.38;-122.08` is `geo:37.38,-122.08`. RFC 6350 §6.5.2.
fn position(draft: &mut Draft) {
    draft.remove("VALUE");
    if !is_uri(&draft.value) {
        draft.value = format!("geo:{}", draft.value.replace("\\,", ",").replace(';', ","));
    }
}

/// An offset is the default in vCard 3.0, a text in 4.0. RFC 6350 §6.5.1.
fn zone(draft: &mut Draft) {
    if draft.has("VALUE", "text") {
        draft.remove("VALUE");
    } else if is_offset(&draft.value) {
        draft.set("VALUE", "utc-offset");
        draft.value = draft.value.replace(':', "");
    }
}

/// The LABEL of each ADR, by their places: the nearest one before it that has the same types, or
/// after it. RFC 6350 §6.3.1 has it as a parameter.
fn labels_of_addresses(card: &Card<'_>) -> BTreeMap<usize, usize> {
    let mut labels = BTreeMap::new();
    let types = |property: &Property<'_>| {
        let mut types: Vec<String> = property.types();
        types
            .iter_mut()
            .for_each(|word| word.make_ascii_lowercase());
        types.retain(|word| word != "pref");
        types.sort();
        (property.group().map(str::to_ascii_lowercase), types)
    };
    let of_name = |name: &'static str| {
        let all = card.properties().iter().enumerate();
        all.filter(move |(_, property)| property.is(name))
            .take(LABELS)
            .map(|(at, property)| (at, types(property)))
    };
    let addresses: Vec<_> = of_name("ADR").collect();
    for (at, types) in of_name("LABEL") {
        let same = |(_, known): &&(usize, (Option<String>, Vec<String>))| *known == types;
        let free = |(address, _): &&(usize, _)| !labels.contains_key(address);
        let before = addresses
            .iter()
            .filter(same)
            .filter(free)
            .rfind(|(a, _)| *a < at);
        let found = before.or_else(|| addresses.iter().filter(same).find(free));
        if let Some(address) = found.map(|(address, _)| *address) {
            labels.insert(address, at);
        }
    }
    labels
}
