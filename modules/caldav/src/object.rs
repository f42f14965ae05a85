//! GET of a calendar object: the stored bytes, or what a sharee may see of them.

use dav::method::get::member_response;
use dav::request::ResponseBody;
use dav::{Context, Error, Resource, Response};

use crate::privacy;

/// Answers GET and HEAD of a member.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Member(calendar, member) = resource else {
        return Ok(None);
    };
    let mut response = member_response(calendar, member);
    if !privacy::sees_all(ctx, calendar) {
        let body = ctx.store.read(calendar, member)?;
        let visible = privacy::visible(ctx, calendar, &body).into_owned();
        response.body = ResponseBody::Bytes(visible);
    }
    // A browser must not take what a stranger wrote for a page.
    response.set("X-Content-Type-Options", "nosniff");
    Ok(Some(response))
}
