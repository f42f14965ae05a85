//! ACL: replaces who may do what. RFC 3744 §8.1.

use crate::body::acl;
use crate::header::conditions;
use crate::locks::{self, Change};
use crate::request::{Response, Status};
use crate::resource::Resource;
use crate::store::{Batch, Operation};
use crate::{Context, Error, Rights};

/// Answers ACL. Members have the list of their collection, so it is for collections alone.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let resource = ctx.target_resource()?;
    let Resource::Collection(collection) = &resource else {
        return Err(Error::MethodNotAllowed);
    };
    let path = &ctx.target.path;
    ctx.require(path, collection.rights, Rights::ADMINISTER, "write-acl")?;
    let root = ctx
        .read_xml()?
        .ok_or_else(|| Error::BadRequest("ACL needs a body".to_owned()))?;
    let guard = conditions::check(ctx, Some(&resource))?;
    locks::require(ctx, &guard, &[Change::Resource(path)])?;
    let entries = acl::parse(ctx, &root)?;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens,
    };
    batch.push(Operation::SetAcl {
        path: path.clone(),
        acl: entries,
    });
    ctx.commit(batch)?;
    Ok(Response::new(Status::OK))
}
