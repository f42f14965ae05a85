//! GET and HEAD. RFC 4918 §9.4. Ranges, 304 and compression are the host's.

use crate::header::conditions;
use crate::request::{MemberBody, Response, ResponseBody, Status};
use crate::resource::{Collection, Member, Resource};
use crate::{Context, Error, Rights};

/// Answers GET and HEAD.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let Some(resource) = ctx.find_target()? else {
        return match ctx.profile.get_unmapped {
            Some(rule) => rule(ctx),
            None => Err(Error::NotFound),
        };
    };
    ctx.require(&ctx.target.path, resource.rights(), Rights::READ, "read")?;
    conditions::check(ctx, Some(&resource))?;
    represent(ctx, &resource)
}

/// What GET answers with: as the rules of the place have it, so that nobody sees more by asking in
/// another way.
pub(crate) fn represent(ctx: &Context<'_>, resource: &Resource) -> Result<Response, Error> {
    let kind = resource
        .collection()
        .map(|collection| ctx.profile.kind(&collection.kind));
    let rule = match (resource, kind) {
        (Resource::Collection(_), Some(kind)) => kind.get,
        (Resource::Member(..), Some(kind)) => kind.get_member,
        _ => None,
    };
    if let Some(rule) = rule
        && let Some(response) = rule(ctx, resource)?
    {
        return Ok(response);
    }
    match resource {
        Resource::Member(collection, member) => Ok(member_response(collection, member)),
        Resource::Collection(_) | Resource::Principal(_) => {
            let mut response = Response::new(Status::NO_CONTENT);
            if !ctx.target.slash {
                response.set("Content-Location", ctx.href_of(&ctx.target.path, resource));
            }
            Ok(response)
        }
    }
}

/// The answer that has the stored body of a member. It was read with [`crate::Fields::ENTITY`].
pub fn member_response(collection: &Collection, member: &Member) -> Response {
    let mut response = Response::new(Status::OK);
    if let Some(content_type) = &member.content_type {
        response.set("Content-Type", content_type.clone());
    }
    response.set("ETag", member.etag.quoted());
    if let Some(modified) = member.modified {
        response.set("Last-Modified", modified.http_date());
    }
    response.body = ResponseBody::Member(MemberBody {
        path: collection.path.join(&member.name),
        version: member.version,
        length: member.length,
    });
    response
}
