//! Time zone data for whoever asks: RFC 7808, at `/tzdist`.
//!
//! The IANA database is part of the module, so it is the same wherever the module runs, and newer
//! with a newer module. An operator whose system has a newer one grants the module that folder
//! (`zoneinfo_dir`). Nothing here depends on who asks.
//!
//! # Not supported
//! iCalendar in XML (RFC 6321), localized names (RFC 7808 §3.8).

mod capabilities;
mod database;
mod expand;
mod find;
mod format;
mod get;
mod leap_seconds;
mod list;
mod problem;
mod query;

use database::Database;
use module::query::Parameters;
use module::{Access, Answer, Descriptor, Extent, Module, Request, Response};
use problem::{Kind, Problem};

/// The module.
pub struct TzDist;

module::export!(TzDist);

/// Where the service is.
const MOUNT: &str = "/tzdist";

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

impl Module for TzDist {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("tzdist", version, "Time zone data.")
            .mount(MOUNT, Extent::Prefix, &METHODS, Access::Anonymous)
            // RFC 7808 §4.2.1.3.
            .well_known("timezone", MOUNT)
            .options(&[(
                "zoneinfo_dir",
                "A folder of compiled time zones that take the place of the module's own.",
            )])
            .capabilities(&["config", "exchange"])
    }

    fn handle(request: Request) -> Answer {
        if request.method == "OPTIONS" {
            return Response::options(&METHODS).into();
        }
        let response = answer(&request).unwrap_or_else(|problem| problem.into_response());
        response.into()
    }
}

/// The actions of RFC 7808 §5, by path.
fn answer(request: &Request) -> Result<Response, Problem> {
    let path = request.path.strip_prefix(MOUNT).unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let parameters = Parameters::of(request);
    let parameters =
        &parameters.map_err(|error| Problem::new(Kind::InvalidAction, error.to_string()))?;
    let database = &Database::open();
    match path {
        // The context path itself, which the well-known name leads to, is no action: whoever opens
        // it sees what there is.
        "" | "/capabilities" => Ok(capabilities::answer(database)),
        "/zones" if parameters.has("pattern") => find::answer(parameters, database),
        "/zones" => list::answer(parameters, database),
        "/leapseconds" => Ok(leap_seconds::answer()),
        _ => {
            let zone = path.strip_prefix("/zones/").ok_or_else(|| unknown(path))?;
            match zone.strip_suffix("/observances") {
                Some(zone) => expand::answer(zone, parameters, database),
                None => get::answer(zone, parameters, &request.headers, database),
            }
        }
    }
}

fn unknown(path: &str) -> Problem {
    let there_is = "there are /capabilities, /zones, /zones/{tzid}, /zones/{tzid}/observances and \
                    /leapseconds";
    Problem::new(
        Kind::NotAnAction,
        format!("{path:?} is no action: {there_is}"),
    )
}

/// A successful answer, to be kept for as long as clients may go without looking again: RFC 7808
/// §4.1.4 has them look once a day.
fn fresh(etag: String, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
    let mut response = Response::new(200)
        .header("cache-control", "public, max-age=86400")
        .body(content_type, body);
    response.etag = Some(format!("\"{etag}\""));
    response
}

/// What its values are written as: JSON. RFC 7808 §6.
fn json(etag: String, value: &impl serde::Serialize) -> Response {
    // Only maps with keys that are no strings can't be written, and there are none.
    let body = serde_json::to_vec(value).unwrap_or_default();
    fresh(etag, "application/json", body)
}
