//! PATCH of a calendar object by VPATCH: draft-daboo-icalendar-vpatch-00, as Cyrus has it. RFC 5789.

use dav::header::conditions;
use dav::method::put;
use dav::request::Status;
use dav::store::Done;
use dav::{Context, Error, Fields, Resource, Response, Stored, Want};
use icalendar::patch::{self, PatchError};
use icalendar::{Calendar, Limits};

use crate::media_type::ICALENDAR;
use crate::{floating, object, object_rules, personal};

/// What PATCH takes.
const ACCEPTED: &str = "text/calendar; component=VPATCH; optinfo=\"PATCH-VERSION:1\"";

/// Answers PATCH of a calendar object. A sharee's own data is changed as PUT would.
pub(crate) fn run(ctx: &Context<'_>, resource: Option<&Resource>) -> Result<Response, Error> {
    let Some(found @ Resource::Member(calendar, member)) = resource else {
        return Err(Error::MethodNotAllowed);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(ICALENDAR) {
        return Err(Error::UnsupportedMediaType(format!(
            "PATCH takes {ACCEPTED}"
        )));
    }
    let guard = conditions::check(ctx, Some(found))?;
    ctx.require(&ctx.target.path, calendar.rights, dav::Rights::READ, "read")?;
    let sent = ctx.read_body(ctx.profile.limits.member_len_max)?;
    let malformed = |why: String| Error::BadRequest(why);
    let vpatch = Calendar::parse(&sent, &Limits::default());
    let vpatch = vpatch.map_err(|error| malformed(error.to_string()))?;
    let body = personal::read(ctx, calendar, member)?;
    let stored = Calendar::parse(&body, &Limits::default()).map_err(object_rules::unreadable)?;
    let notes = floating::notes(ctx);
    let patched = patch::apply(&stored, &vpatch, &mut notes.budget.borrow_mut());
    let patched = patched.map_err(|error| match error {
        PatchError::Exceeded(exceeded) => floating::exceeded(exceeded),
        error => malformed(error.to_string()),
    })?;
    let patched = patched.to_bytes();
    let mut response = Response::new(Status::NO_CONTENT);
    if patched == body {
        response.set("ETag", member.etag.quoted());
    } else {
        let done = put::replace(ctx, &guard, calendar, member, patched, Vec::new())?;
        // What a sharee alone sees has its tag by GET.
        if let Some(Done::Written { etag, .. }) = done.first() {
            response.set("ETag", etag.quoted());
        }
    }
    if ctx.prefer.representation {
        let want = Want {
            fields: Fields::ENTITY,
            stored: Stored::None,
        };
        let now = ctx.find(&ctx.target.path, &want)?;
        // It is done, whether or not it can be shown in the form that the client would take.
        if let Some(Ok(Some(mut shown))) = now.map(|now| object::get(ctx, &now)) {
            shown.set("Content-Location", ctx.href(&ctx.target.path, false));
            shown.set("Preference-Applied", "return=representation");
            return Ok(shown);
        }
    }
    Ok(response)
}

/// Says what PATCH takes, where there is PATCH, and to those who sent something else. RFC 5789 §3.1,
/// §2.2.
pub(crate) fn advertise(response: &mut module::Response) {
    let allow = response.headers.get("allow").unwrap_or_default();
    let has_patch = allow.split(',').any(|method| method.trim() == "PATCH");
    if has_patch || response.status == Status::UNSUPPORTED_MEDIA_TYPE.0 {
        response.headers.set("accept-patch", ACCEPTED);
    }
}
