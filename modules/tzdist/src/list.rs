//! The action "list": all time zones, or those that changed. RFC 7808 §5.2.

use crate::database::Database;
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
    tzid: String,
    etag: String,
    last_modified: &'static str,
    publisher: &'static str,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'static str>,
}

pub(crate) fn answer(parameters: &Parameters, database: &Database) -> Result<Response, Problem> {
    let since = query::one(parameters, "changedsince", Kind::InvalidChangedSince)?;
    // A token that is not the present one is of another release. What that had is not known here,
    // and then all zones count as changed.
    let token = sync_token(database);
    let changed = since != Some(&token);
    Ok(json(token, &list(database, |_, _| changed)))
}

/// The zones that `is_wanted` says so of, by name and aliases.
pub(crate) fn list(database: &Database, is_wanted: impl Fn(&str, &[&str]) -> bool) -> List {
    let mut aliases: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for (alias, zone) in tzdb::aliases() {
        aliases.entry(zone).or_default().push(alias);
    }
    let version = database.version();
    let entries = database.zones().into_iter().filter_map(|tzid| {
        let aliases = aliases.remove(tzid.as_str()).unwrap_or_default();
        is_wanted(&tzid, &aliases).then(|| Entry {
            etag: etag(database.fingerprint(&tzid)),
            tzid,
            last_modified: PACKAGED,
            publisher: PUBLISHER,
            version: version.clone(),
            aliases,
        })
    });
    List {
        timezones: entries.collect(),
        synctoken: sync_token(database),
    }
}

/// The synchronization token. RFC 7808 §4.1.4.
pub(crate) fn sync_token(database: &Database) -> String {
    match database.state() {
        None => format!("{}-{WRITER}", database.version()),
        Some(state) => format!("{}-{state:016x}-{WRITER}", database.version()),
    }
}

/// The entity tag of a zone with this fingerprint in its first format, without the quotes.
pub(crate) fn etag(fingerprint: u64) -> String {
    format!("{fingerprint:016x}-{WRITER}")
}
