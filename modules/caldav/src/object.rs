//! GET of a calendar object: the stored bytes, or what a sharee may see of them; as jCal for those
//! who want that (RFC 7265).

use std::borrow::Cow;

use dav::method::get::member_response;
use dav::request::ResponseBody;
use dav::{Context, Error, Resource, Response};
use icalendar::{Calendar, Limits};

use crate::media_type::Form;
use crate::{object_rules, personal, privacy, timezones_by_reference};

/// Answers GET and HEAD of a member.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Member(calendar, member) = resource else {
        return Ok(None);
    };
    let form = Form::wanted(ctx)?;
    let mut response = member_response(calendar, member);
    let wished = timezones_by_reference::is_wished(ctx);
    if form == Form::JCal || wished || !privacy::sees_all(ctx, calendar) {
        let body = personal::read(ctx, calendar, member)?;
        let body = timezones_by_reference::fit(ctx, Cow::Owned(body));
        if wished || form == Form::JCal {
            // A strong tag is of one form alone. RFC 9110 §8.8.1.
            response.set("ETag", format!("W/{}", member.etag.quoted()));
        }
        response.body = ResponseBody::Bytes(match form {
            Form::ICalendar => body.into_owned(),
            Form::JCal => {
                let parsed = Calendar::parse(&body, &Limits::default());
                let parsed = parsed.map_err(object_rules::unreadable)?;
                response.set("Content-Type", form.content_type());
                parsed.to_jcal().into_bytes()
            }
        });
    }
    timezones_by_reference::vary(&mut response);
    // A browser must not take what a stranger wrote for a page.
    response.set("X-Content-Type-Options", "nosniff");
    Ok(Some(response))
}
