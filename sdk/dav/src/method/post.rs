//! POST: a new member under a name that the server makes, or what a protocol says. RFC 5995.

use crate::error::ALLOW_CLIENT_DEFINED_URI;
use crate::header::conditions;
use crate::method::put;
use crate::profile::Origin;
use crate::request::Response;
use crate::resource::Resource;
use crate::{Context, Error};

/// Answers POST.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let resource = ctx.target_resource()?;
    let Resource::Collection(collection) = &resource else {
        return Err(Error::MethodNotAllowed);
    };
    let kind = ctx.profile.kind(&collection.kind);
    let query = ctx.query.unwrap_or_default();
    if query.split('&').any(|part| part == "action=add-member") {
        if !kind.add_member {
            return Err(ALLOW_CLIENT_DEFINED_URI.error());
        }
        let guard = conditions::check(ctx, Some(&resource))?;
        let path = collection.path.join(&(ctx.uuid() + kind.extension));
        // The conditions were about the collection: the name is new whatever they say.
        return put::store(ctx, &guard, &path, collection, None, Origin::Post);
    }
    match kind.post {
        Some(rule) => rule(ctx, &resource)?.ok_or(Error::MethodNotAllowed),
        None => Err(Error::MethodNotAllowed),
    }
}
