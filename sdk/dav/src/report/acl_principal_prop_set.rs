//! `DAV:acl-principal-prop-set`: properties of all who are in an access control list.
//! RFC 3744 §9.2.

use xml::Element;

use super::{check_depth_zero, plan};
use crate::body::multistatus::Multistatus;
use crate::error::SUPPORTED_REPORT;
use crate::property::Subject;
use crate::request::Response;
use crate::resource::{Fields, Resource, Stored, Want};
use crate::store::{PrincipalKey, Who};
use crate::{Context, Error, Rights};

/// Answers the report.
pub fn run(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    check_depth_zero(ctx)?;
    ctx.require(
        &ctx.target.path,
        resource.rights(),
        Rights::ADMINISTER,
        "read-acl",
    )?;
    let path = match resource {
        Resource::Collection(collection) => &collection.path,
        Resource::Member(collection, _) => &collection.path,
        Resource::Principal(_) => return Err(SUPPORTED_REPORT.error()),
    };
    let want = Want {
        fields: Fields::OWNER,
        stored: Stored::None,
    };
    let Some(Resource::Collection(collection)) = ctx.find(path, &want)? else {
        return Err(Error::NotFound);
    };
    let plan = plan(ctx, root)?;
    let mut multistatus = Multistatus::new(ctx);
    let mut told: Vec<String> = Vec::new();
    for entry in ctx.store.acl(&collection)? {
        let id = match entry.who {
            Who::Principal(id) => Some(id),
            Who::Owner => collection.owner.clone(),
            Who::All | Who::Authenticated | Who::Unauthenticated => None,
        };
        let Some(id) = id.filter(|id| !told.contains(id)) else {
            continue;
        };
        if let Some(principal) = ctx.store.principal(PrincipalKey::Id(&id))? {
            multistatus.resource(&plan, Subject::Principal(&principal), &principal.href, &[])?;
        }
        told.push(id);
    }
    multistatus.finish()
}
