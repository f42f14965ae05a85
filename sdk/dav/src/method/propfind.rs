//! PROPFIND. RFC 4918 §9.1.

use crate::body::multistatus::{Multistatus, Plan};
use crate::body::propfind;
use crate::error::PROPFIND_FINITE_DEPTH;
use crate::header::conditions;
use crate::header::depth::{self, Depth};
use crate::property::Subject;
use crate::request::{Response, Status};
use crate::resource::{Collection, Resource};
use crate::store::{Listing, Lock, LockScope};
use crate::{Context, Error, Path, Rights};

/// Answers PROPFIND.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let depth = depth::parse(ctx)?.unwrap_or(Depth::Infinity);
    let request = propfind::parse(ctx.read_xml()?.as_ref())?;
    let plan = Plan::new(ctx, &request);
    let path = &ctx.target.path;
    let resource = ctx.find(path, &plan.want())?.ok_or(Error::NotFound)?;
    if ctx.header("If").is_some() || ctx.header("If-Match").is_some() {
        conditions::check(ctx, ctx.find_target()?.as_ref())?;
    }
    let locks = match (plan.needs_locks(), depth) {
        (false, _) => Vec::new(),
        (true, Depth::Zero) => ctx.store.locks(path, LockScope::Covering)?,
        (true, Depth::One | Depth::Infinity) => ctx.store.locks(path, LockScope::Tree)?,
    };
    let mut walk = Walk {
        ctx,
        plan: &plan,
        locks: &locks,
        multistatus: Multistatus::new(ctx),
        left: ctx.profile.limits.resources_max,
    };
    let href = ctx.href_of(path, &resource);
    if depth == Depth::Zero || !ctx.prefer.depth_noroot {
        walk.multistatus
            .resource(&plan, Subject::from(&resource), &href, &locks)?;
    }
    if let (Resource::Collection(collection), Depth::One | Depth::Infinity) = (resource, depth) {
        let complete = walk.descend(collection, depth)?;
        if !complete {
            let why = PROPFIND_FINITE_DEPTH.error();
            walk.multistatus
                .status(&href, Status::INSUFFICIENT_STORAGE, Some(&why))?;
        }
    }
    let mut response = walk.multistatus.finish()?;
    let canonical = href.ends_with('/') && !ctx.target.slash;
    if canonical {
        response.set("Content-Location", href);
    }
    Ok(response)
}

struct Walk<'w, 'c> {
    ctx: &'w Context<'c>,
    plan: &'w Plan,
    locks: &'w [Lock],
    multistatus: Multistatus<'w, 'c>,
    left: usize,
}

impl Walk<'_, '_> {
    /// Adds all that is in a collection, page by page. False if there was more than allowed.
    fn descend(&mut self, root: Collection, depth: Depth) -> Result<bool, Error> {
        let mut open = vec![root];
        while let Some(collection) = open.pop() {
            let mut after: Option<String> = None;
            loop {
                let listing = Listing {
                    want: self.plan.want(),
                    collections: true,
                    members: collection.rights.has(Rights::READ),
                    after: after.as_deref(),
                    limit: self.ctx.profile.limits.page,
                    ..Listing::default()
                };
                let page = self.ctx.store.children(&collection, &listing)?;
                let bounded = depth == Depth::Infinity;
                let len = page.collections.len() + page.members.len() + page.principals.len();
                if bounded && len > self.left {
                    return Ok(false);
                }
                self.left = self.left.saturating_sub(len);
                self.add_page(&collection.path, &collection, &page)?;
                if depth == Depth::Infinity {
                    open.extend(page.collections);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(true)
    }

    fn add_page(
        &mut self,
        path: &Path,
        collection: &Collection,
        page: &crate::store::Page,
    ) -> Result<(), Error> {
        let seen = |rights: Rights| rights.has(Rights::LOOKUP);
        for inner in page.collections.iter().filter(|inner| seen(inner.rights)) {
            let href = self.ctx.href(&inner.path, true);
            self.multistatus
                .resource(self.plan, Subject::Collection(inner), &href, self.locks)?;
        }
        for principal in page
            .principals
            .iter()
            .filter(|principal| seen(principal.rights))
        {
            let subject = Subject::Principal(principal);
            self.multistatus
                .resource(self.plan, subject, &principal.href, self.locks)?;
        }
        // One buffer for all hrefs: a listing is mostly members.
        let mut href = self.ctx.href(path, true).into_bytes();
        let base_len = href.len();
        for member in &page.members {
            href.truncate(base_len);
            crate::percent_encode(&mut href, &member.name);
            let text = std::str::from_utf8(&href).unwrap_or_default();
            let subject = Subject::Member(collection, member);
            self.multistatus
                .resource(self.plan, subject, text, self.locks)?;
        }
        Ok(())
    }
}
