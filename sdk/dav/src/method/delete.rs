//! DELETE. RFC 4918 §9.6.

use crate::header::conditions;
use crate::header::depth::{self, Depth};
use crate::locks::{self, Change};
use crate::request::{Response, Status};
use crate::resource::{Collection, Fields, Member, Resource, Stored, Want};
use crate::store::{Batch, Listing, Operation};
use crate::{Context, Error, Path, Rights};

/// Answers DELETE.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let resource = ctx.target_resource()?;
    let guard = conditions::check(ctx, Some(&resource))?;
    let path = &ctx.target.path;
    // RFC 4918 §9.6.1: on a collection it is as with Depth: infinity, nothing else.
    let depth = depth::parse(ctx)?;
    if resource.is_collection() && !matches!(depth, None | Some(Depth::Infinity)) {
        return Err(Error::BadRequest(
            "a collection is deleted with all that is in it".into(),
        ));
    }
    let parent = path.parent().ok_or(Error::MethodNotAllowed)?;
    locks::require(
        ctx,
        &guard,
        &[Change::Tree(path), Change::Resource(&parent)],
    )?;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    remove(ctx, path, &resource, &mut batch)?;
    ctx.commit(batch)?;
    Ok(Response::new(Status::NO_CONTENT))
}

/// Asks the rights and the profile whether a member may go, and adds what the profile does about it.
pub(crate) fn check_member(
    ctx: &Context<'_>,
    collection: &Collection,
    member: &Member,
    batch: &mut Batch,
) -> Result<(), Error> {
    ctx.require(
        &collection.path,
        collection.rights,
        Rights::REMOVE,
        "unbind",
    )?;
    match ctx.profile.kind(&collection.kind).remove {
        Some(rule) => rule(ctx, collection, member, batch),
        None => Ok(()),
    }
}

/// Adds to `batch` what removes a resource, and what the rules of its place want done then.
pub(crate) fn remove(
    ctx: &Context<'_>,
    path: &Path,
    resource: &Resource,
    batch: &mut Batch,
) -> Result<(), Error> {
    match resource {
        Resource::Member(collection, member) => {
            check_member(ctx, collection, member, batch)?;
            let expect = crate::Expect::Version(member.version);
            batch.push(Operation::Remove {
                path: path.clone(),
                expect,
            });
            Ok(())
        }
        Resource::Collection(collection) => {
            ctx.require(path, collection.rights, Rights::DELETE, "unbind")?;
            if let Some(rule) = ctx.profile.part {
                rule(ctx, collection)?;
            }
            // Nothing in it goes with what only appears here.
            let stays = lies_elsewhere(ctx, path)?;
            if !stays && ctx.profile.kinds.iter().any(|kind| kind.remove.is_some()) {
                apply_remove_rules(ctx, collection, batch)?;
            }
            batch.push(Operation::RemoveTree { path: path.clone() });
            Ok(())
        }
        Resource::Principal(_) => Err(Error::MethodNotAllowed),
    }
}

/// Whether a collection lies elsewhere and only appears here.
pub(crate) fn lies_elsewhere(ctx: &Context<'_>, path: &Path) -> Result<bool, Error> {
    let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
        return Ok(false);
    };
    let parent = ctx.find(&parent, &Want::default())?;
    let parent = parent.as_ref().and_then(Resource::collection);
    Ok(parent.is_some_and(|parent| parent.has_elsewhere(name)))
}

/// Asks the rules of all collections inside of a tree about all their members.
fn apply_remove_rules(
    ctx: &Context<'_>,
    collection: &Collection,
    batch: &mut Batch,
) -> Result<(), Error> {
    let mut open = vec![collection.clone()];
    while let Some(collection) = open.pop() {
        let rule = ctx.profile.kind(&collection.kind).remove;
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: Want {
                    fields: Fields::ENTITY,
                    stored: Stored::None,
                },
                collections: true,
                members: rule.is_some(),
                after: after.as_deref(),
                limit: ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = ctx.store.children(&collection, &listing)?;
            open.extend(page.collections);
            if let Some(rule) = rule {
                for member in &page.members {
                    rule(ctx, &collection, member, batch)?;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}
