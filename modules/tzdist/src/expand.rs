//! The action "expand": the observances of a time zone. RFC 7808 §5.4.

use crate::database::Database;
use crate::problem::{Kind, Problem};
use crate::query::{self, write_time};
use crate::{get, json, list};
use module::Response;
use module::query::Parameters;
use serde::Serialize;

/// RFC 7808 §6.3.
#[derive(Serialize)]
struct Expansion {
    tzid: String,
    observances: Vec<Observance>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Observance {
    name: &'static str,
    /// The abbreviation, which is in nobody's language.
    local_names: [String; 1],
    onset: String,
    utc_offset_from: i32,
    utc_offset_to: i32,
}

pub(crate) fn answer(
    path: &str,
    parameters: &Parameters,
    database: &Database,
) -> Result<Response, Problem> {
    let (tzid, zone) = get::find(path, database)?;
    let range = query::range(parameters)?;
    let missing = |kind| Problem::new(kind, "both \"start\" and \"end\" are needed");
    let start = range.start.ok_or_else(|| missing(Kind::InvalidStart))?;
    let end = range.end.ok_or_else(|| missing(Kind::InvalidEnd))?;
    let observances = zone.observances(start, end).into_iter();
    let expansion = Expansion {
        tzid,
        observances: observances
            .map(|observance| Observance {
                name: match observance.daylight {
                    true => "Daylight",
                    false => "Standard",
                },
                local_names: [observance.name],
                onset: write_time(observance.onset),
                utc_offset_from: observance.from,
                utc_offset_to: observance.to,
            })
            .collect(),
    };
    Ok(json(list::etag(zone.fingerprint()), &expansion))
}
