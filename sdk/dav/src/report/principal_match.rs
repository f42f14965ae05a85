//! `DAV:principal-match`: what in a collection is, or belongs to, who is asking. RFC 3744 §9.3.

use xml::{DAV, Element};

use super::{check_depth_zero, plan};
use crate::body::multistatus::Multistatus;
use crate::body::plan::{Plan, evaluate};
use crate::error::{NUMBER_OF_MATCHES_WITHIN_LIMITS, SUPPORTED_REPORT};
use crate::header::depth::Depth;
use crate::property::Subject;
use crate::request::Response;
use crate::resource::{Principal, Resource};
use crate::store::PrincipalKey;
use crate::{Context, Error, walk};

/// Answers the report.
pub fn run(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    check_depth_zero(ctx)?;
    let plan = plan(ctx, root)?;
    let own = own_principals(ctx)?;
    let mut multistatus = Multistatus::new(ctx);
    if root.find(DAV, "self").is_some() {
        let base = ctx.href_of(&ctx.target.path, resource);
        for principal in own
            .iter()
            .filter(|principal| principal.href.starts_with(&base))
        {
            multistatus.resource(&plan, Subject::Principal(principal), &principal.href, &[])?;
        }
        return multistatus.finish();
    }
    let property = root
        .find(DAV, "principal-property")
        .and_then(|property| property.elements().next())
        .ok_or_else(|| Error::BadRequest("neither self nor a principal-property".to_owned()))?;
    let Resource::Collection(collection) = resource else {
        return Err(SUPPORTED_REPORT.error());
    };
    let test = Plan::of_names(ctx, std::slice::from_ref(&property.name));
    let both = plan.and(ctx, &test);
    let complete = walk::each(
        ctx,
        collection.clone(),
        Depth::Infinity,
        &both.want(),
        |subject, href| {
            let values = evaluate(ctx, &test, subject, href)?;
            let belongs = values.iter().flatten().any(|value| {
                value.find_all(DAV, "href").any(|found| {
                    let found = found.trimmed_text();
                    own.iter().any(|principal| principal.href == found)
                })
            });
            match belongs {
                true => multistatus.resource(&plan, subject, href, &[]),
                false => Ok(()),
            }
        },
    )?;
    match complete {
        true => multistatus.finish(),
        false => Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error()),
    }
}

/// Who is asking, and the groups that they are in.
fn own_principals(ctx: &Context<'_>) -> Result<Vec<Principal>, Error> {
    let Some(user) = ctx.user.clone() else {
        return Ok(Vec::new());
    };
    let mut own = Vec::with_capacity(1 + user.groups.len());
    for group in &user.groups {
        own.extend(ctx.store.principal(PrincipalKey::Id(group))?);
    }
    own.insert(0, user);
    Ok(own)
}
