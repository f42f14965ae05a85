//! `CALDAV:calendar-multiget`: calendar objects by their hrefs. RFC 4791 §7.9.

use dav::body::plan::Plan;
use dav::body::propfind::{PropRequest, parse_children};
use dav::report::multiget;
use dav::{Context, Error, Resource, Response};
use xml::Element;

use crate::floating;

/// Answers the report.
pub(crate) fn run(ctx: &Context<'_>, _: &Resource, root: &Element) -> Result<Response, Error> {
    let request = parse_children(root)?.unwrap_or(PropRequest::Prop(Vec::new()));
    ctx.check_items("properties", request.len())?;
    floating::prepare(ctx, root)?;
    let plan = Plan::new(ctx, &request);
    multiget::run(ctx, root, &plan.want(), |multistatus, subject, href| {
        multistatus.resource(&plan, subject, href, &[])
    })
}
