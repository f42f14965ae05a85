//! REPORT: finds the report that the body names. RFC 3253 §3.6.

use crate::error::SUPPORTED_REPORT;
use crate::header::conditions;
use crate::report;
use crate::request::Response;
use crate::{Context, Error};

/// Answers REPORT.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let resource = ctx.target_resource()?;
    let root = ctx
        .read_xml()?
        .ok_or_else(|| Error::BadRequest("REPORT needs a body".to_owned()))?;
    conditions::check(ctx, Some(&resource))?;
    let known = report::supported(ctx, &resource);
    match known.iter().find(|report| report.name == root.name) {
        Some(report) => (report.run)(ctx, &resource, &root),
        None => Err(SUPPORTED_REPORT.error()),
    }
}
