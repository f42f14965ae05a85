//! The reports, one file each. RFC 3253 §3.6.

pub mod acl_principal_prop_set;
pub mod expand_property;
pub mod multiget;
pub mod principal_match;
pub mod principal_search;
pub mod query;
pub mod sync_collection;

use xml::{DAV, Element, Name};

use crate::body::plan::Plan;
use crate::body::propfind::{PropRequest, parse_children};
use crate::header::depth::{self, Depth};
use crate::profile::{On, Report};
use crate::resource::Resource;
use crate::{Context, Error};

static ENGINE: [Report; 6] = [
    Report {
        name: Name::dav("sync-collection"),
        on: On::COLLECTIONS,
        run: sync_collection::run,
    },
    Report {
        name: Name::dav("expand-property"),
        on: On::ALL,
        run: expand_property::run,
    },
    Report {
        name: Name::dav("principal-match"),
        on: On::COLLECTIONS,
        run: principal_match::run,
    },
    Report {
        name: Name::dav("principal-property-search"),
        on: On {
            members: false,
            ..On::ALL
        },
        run: principal_search::run,
    },
    Report {
        name: Name::dav("principal-search-property-set"),
        on: On {
            members: false,
            ..On::ALL
        },
        run: principal_search::run_property_set,
    },
    Report {
        name: Name::dav("acl-principal-prop-set"),
        on: On {
            principals: false,
            ..On::ALL
        },
        run: acl_principal_prop_set::run,
    },
];

/// The reports that a resource has.
pub fn supported(ctx: &Context<'_>, resource: &Resource) -> Vec<&'static Report> {
    let syncs = match resource {
        Resource::Collection(collection) => ctx.profile.kind(&collection.kind).syncs,
        Resource::Member(..) | Resource::Principal(_) => false,
    };
    ENGINE
        .iter()
        .chain(ctx.profile.reports)
        .filter(|report| report.on.includes(resource))
        .filter(|report| syncs || !report.name.is(DAV, "sync-collection"))
        .collect()
}

/// Fails unless Depth is 0, as most reports of RFC 3744 want it.
fn check_depth_zero(ctx: &Context<'_>) -> Result<(), Error> {
    match depth::parse(ctx)? {
        None | Some(Depth::Zero) => Ok(()),
        Some(_) => Err(Error::BadRequest("this report has Depth: 0".to_owned())),
    }
}

/// The plan for `DAV:prop` of a report, empty if there is none.
fn plan(ctx: &Context<'_>, root: &Element) -> Result<Plan, Error> {
    let request = parse_children(root)?.unwrap_or(PropRequest::Prop(Vec::new()));
    ctx.check_items("properties", request.len())?;
    Ok(Plan::new(ctx, &request))
}
