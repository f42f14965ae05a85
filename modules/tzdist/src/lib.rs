//! Time zone data for whoever asks: RFC 7808, at `/tzdist`.
//!
//! The IANA database is part of the module, so it is the same wherever the module runs, and newer
//! with a newer module. Nothing here depends on who asks.
//!
//! # Not supported
//! iCalendar in XML (RFC 6321), localized names (RFC 7808 §3.8), the operator's own zone data: a
//! module opens no folder.

mod capabilities;
mod expand;
mod find;
mod format;
mod get;
mod leap_seconds;
mod list;
mod problem;
mod query;

use module::query::Parameters;
use module::{Access, Answer, Descriptor, Extent, Module, Mount, Request, Response, WellKnown};
use problem::{Kind, Problem};

/// The module.
pub struct TzDist;

module::export!(TzDist);

/// Where the service is.
const MOUNT: &str = "/tzdist";

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

impl Module for TzDist {
    fn describe() -> Descriptor {
        Descriptor {
            name: "tzdist".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Time zone data.".to_owned(),
            mounts: vec![Mount::new(
                MOUNT,
                Extent::Prefix,
                &METHODS,
                Access::Anonymous,
            )],
            // RFC 7808 §4.2.1.3.
            well_known: vec![WellKnown {
                name: "timezone".to_owned(),
                target: MOUNT.to_owned(),
            }],
            capabilities: vec!["exchange".to_owned()],
            ..Descriptor::default()
        }
    }

    fn handle(request: Request) -> Answer {
        if request.method == "OPTIONS" {
            let allow = METHODS.join(", ");
            return Response::new(204).header("allow", allow).into();
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
    match path {
        // The context path itself, which the well-known name leads to, is no action: whoever opens
        // it sees what there is.
        "" | "/capabilities" => Ok(capabilities::answer()),
        "/zones" if parameters.has("pattern") => find::answer(parameters),
        "/zones" => list::answer(parameters),
        "/leapseconds" => Ok(leap_seconds::answer()),
        _ => {
            let zone = path.strip_prefix("/zones/").ok_or_else(|| unknown(path))?;
            match zone.strip_suffix("/observances") {
                Some(zone) => expand::answer(zone, parameters),
                None => get::answer(zone, parameters, &request.headers),
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
