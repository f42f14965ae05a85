//! The action "list": all time zones, or those that changed. RFC 7808 §5.2.

use crate::json;
use crate::problem::{Kind, Problem};
use crate::query;
use icalendar::tzdb;
use module::Response;
use module::query::Parameters;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who publishes the data.
pub(crate) const PUBLISHER: &str = "IANA Time Zone Database";

/// When the release of the database that is part of the module was packaged for programs.
const PACKAGED: &str = "2026-10-28T00:00:00Z";

/// What is counted up when the module writes the same data in another way: entity tags and
/// synchronization tokens change with it.
const WRITER: u32 = 1;

/// The answer of "list" and "find". RFC 7808 §6.2.
#[derive(Serialize)]
pub(crate) struct List {
    synctoken: String,
    timezones: Vec<Entry>,
}

/// A time zone.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    tzid: &'static str,
    etag: String,
    last_modified: &'static str,
    publisher: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'static str>,
}

pub(crate) fn answer(parameters: &Parameters) -> Result<Response, Problem> {
    let since = query::one(parameters, "changedsince", Kind::InvalidChangedSince)?;
    // A token that is not the present one is of another release. What that had is not known here,
    // and then all zones count as changed.
    let changed = since != Some(&sync_token());
    Ok(json(sync_token(), &list(|_, _| changed)))
}

/// The zones that `is_wanted` says so of, by name and aliases.
pub(crate) fn list(is_wanted: impl Fn(&str, &[&str]) -> bool) -> List {
    let mut aliases: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for (alias, zone) in tzdb::aliases() {
        aliases.entry(zone).or_default().push(alias);
    }
    let entries = tzdb::zones().filter_map(|tzid| {
        let aliases = aliases.remove(tzid).unwrap_or_default();
        is_wanted(tzid, &aliases).then(|| Entry {
            tzid,
            etag: etag(tzid),
            last_modified: PACKAGED,
            publisher: PUBLISHER,
            version: tzdb::version(),
            aliases,
        })
    });
    List {
        timezones: entries.collect(),
        synctoken: sync_token(),
    }
}

/// The synchronization token. RFC 7808 §4.1.4.
pub(crate) fn sync_token() -> String {
    format!("{}-{WRITER}", tzdb::version())
}

/// The entity tag of a zone in its first format, without the quotes.
pub(crate) fn etag(name: &str) -> String {
    let fingerprint = tzdb::fingerprint(name).unwrap_or_default();
    format!("{fingerprint:016x}-{WRITER}")
}
