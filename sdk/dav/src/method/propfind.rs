//! PROPFIND. RFC 4918 §9.1.

use crate::body::multistatus::Multistatus;
use crate::body::plan::Plan;
use crate::body::propfind;
use crate::error::PROPFIND_FINITE_DEPTH;
use crate::header::conditions;
use crate::header::depth::{self, Depth};
use crate::property::Subject;
use crate::request::{Response, Status};
use crate::resource::Resource;
use crate::store::LockScope;
use crate::{Context, Error, walk};

/// Answers PROPFIND.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let depth = depth::parse(ctx)?.unwrap_or(Depth::Infinity);
    let request = propfind::parse(ctx.read_xml()?.as_ref())?;
    ctx.check_items("properties", request.len())?;
    let plan = Plan::new(ctx, &request);
    let path = &ctx.target.path;
    let resource = ctx.find(path, &plan.want())?.ok_or(Error::NotFound)?;
    if ctx.header("If").is_some() || ctx.header("If-Match").is_some() {
        check_conditions(ctx)?;
    }
    let locks = match (plan.needs_locks(), depth) {
        (false, _) => Vec::new(),
        (true, Depth::Zero) => ctx.store.locks(path, LockScope::Covering)?,
        (true, Depth::One | Depth::Infinity) => ctx.store.locks(path, LockScope::Tree)?,
    };
    let mut multistatus = Multistatus::new(ctx);
    let href = ctx.href_of(path, &resource);
    if depth == Depth::Zero || !ctx.prefer.depth_noroot {
        multistatus.resource(&plan, Subject::from(&resource), &href, &locks)?;
    }
    if let (Resource::Collection(collection), Depth::One | Depth::Infinity) = (resource, depth) {
        let complete = walk::each(ctx, collection, depth, &plan.want(), |subject, href| {
            multistatus.resource(&plan, subject, href, &locks)
        })?;
        if !complete {
            let why = PROPFIND_FINITE_DEPTH.error();
            multistatus.status(&href, Status::INSUFFICIENT_STORAGE, Some(&why))?;
        }
    }
    let mut response = multistatus.finish()?;
    let canonical = href.ends_with('/') && !ctx.target.slash;
    if canonical {
        response.set("Content-Location", href);
    }
    Ok(response)
}

/// Few requests have conditions, and what they need of the stack is not to be there for the others.
#[inline(never)]
fn check_conditions(ctx: &Context<'_>) -> Result<(), Error> {
    conditions::check(ctx, ctx.find_target()?.as_ref())?;
    Ok(())
}
