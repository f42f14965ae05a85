//! `CARDDAV:addressbook-multiget`: address objects by their hrefs. RFC 6352 §8.7.

use dav::body::plan::Plan;
use dav::body::propfind::{PropRequest, parse_children};
use dav::report::multiget;
use dav::report::query::{self, Query};
use dav::{Context, Error, Resource, Response};
use xml::{DAV, Element};

use crate::address_data;
use crate::profile::BOOKS;

/// Answers the report.
pub(crate) fn run(ctx: &Context<'_>, target: &Resource, root: &Element) -> Result<Response, Error> {
    let plan = plan(ctx, root)?;
    if root.find(DAV, "href").is_none() {
        // "Otherwise, the scope is the resource identified by the Request-URI itself."
        let itself = Query {
            kinds: BOOKS,
            searches: &[],
            disjoint: true,
            fatal: &[],
            test: None,
            limit: None,
        };
        return query::run(ctx, target, &plan, &itself);
    }
    multiget::run(ctx, root, &plan.want(), |multistatus, subject, href| {
        multistatus.resource(&plan, subject, href, &[])
    })
}

/// The properties that a report of address books asks for.
pub(crate) fn plan(ctx: &Context<'_>, root: &Element) -> Result<Plan, Error> {
    let request = parse_children(root)?.unwrap_or(PropRequest::Prop(Vec::new()));
    ctx.check_items("properties", request.len())?;
    if let PropRequest::Prop(elements) = &request {
        address_data::check(elements)?;
    }
    Ok(Plan::new(ctx, &request))
}
