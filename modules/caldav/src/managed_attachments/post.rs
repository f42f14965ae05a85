//! POST to a calendar object: adds, updates and removes attachments. RFC 8607 §3.3 to §3.6.

use dav::header::conditions;
use dav::method::get::member_response;
use dav::method::put;
use dav::request::{ResponseBody, Status};
use dav::store::{Done, Operation, PrincipalKey};
use dav::{Collection, Context, Error, Member, Resource, Response, percent_decode};
use icalendar::object::Object;
use icalendar::{Calendar, Limits, Property};

use super::edit::{self, Target, managed_ids};
use super::{ATTACHMENT_LEN_MAX, ATTACHMENTS_MAX, store};
use crate::precondition::{
    MAX_ATTACHMENT_SIZE, MAX_ATTACHMENTS_PER_RESOURCE, VALID_ACTION, VALID_MANAGED_ID, VALID_RID,
};
use crate::{floating, object_rules, options, personal, privacy};

/// Answers POST to a member of a calendar.
pub(crate) fn post(ctx: &Context<'_>, resource: Option<&Resource>) -> Result<Response, Error> {
    let Some(Resource::Member(calendar, member)) = resource else {
        return Err(Error::MethodNotAllowed);
    };
    if !options::allows_attachments() {
        return Err(Error::MethodNotAllowed);
    }
    let guard = conditions::check(ctx, resource)?;
    privacy::check_change(ctx, calendar, member)?;
    let body = personal::read(ctx, calendar, member)?;
    let parsed = Calendar::parse(&body, &Limits::default()).map_err(object_rules::unreadable)?;
    check_organizer(ctx, &parsed)?;
    let request = Request::parse(ctx.query.unwrap_or_default())?;
    let mut work = Work {
        ctx,
        calendar,
        parsed,
        more: Vec::new(),
    };
    let managed_id = work.run(&request)?;
    let edited = work.parsed.to_bytes();
    let more = work.more;
    let done = put::replace(ctx, &guard, calendar, member, edited.clone(), more)?;
    let mut response = Response::new(match request.action {
        Action::Add => Status::CREATED,
        Action::Update | Action::Remove => Status::NO_CONTENT,
    });
    if let Some(managed_id) = managed_id {
        response.set("Cal-Managed-ID", managed_id);
    }
    if ctx.prefer.representation {
        represent(ctx, calendar, member, &mut response, done.first(), edited);
    }
    Ok(response)
}

/// Only with the body comes its tag: without it, the client has to read what became of the object.
fn represent(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
    response: &mut Response,
    done: Option<&Done>,
    body: Vec<u8>,
) {
    if response.status == Status::NO_CONTENT {
        response.status = Status::OK;
    }
    let before = member_response(calendar, member);
    if let Some(content_type) = before.header("Content-Type") {
        response.set("Content-Type", content_type);
    }
    if let Some(Done::Written { etag, .. }) = done {
        response.set("ETag", etag.quoted());
    }
    response.set("Content-Location", ctx.href(&ctx.target.path, false));
    response.set("Preference-Applied", "return=representation");
    response.body = ResponseBody::Bytes(body);
}

/// RFC 8607 §3.12.2: "Servers MUST prevent attendees of scheduled events from adding, updating, or
/// removing managed attachments".
fn check_organizer(ctx: &Context<'_>, parsed: &Calendar<'_>) -> Result<(), Error> {
    let organizer = Object::of(parsed).and_then(|object| object.organizer());
    let (Some(organizer), Some(user)) = (organizer, ctx.user_id()) else {
        return Ok(());
    };
    let principal = ctx.store.principal(PrincipalKey::Id(user))?;
    let addresses = principal
        .map(|found| found.alternate_uris)
        .unwrap_or_default();
    let is_own = |address: &String| address.eq_ignore_ascii_case(&organizer);
    match addresses.is_empty() || addresses.iter().any(is_own) {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "attachments are the organizer's to change".to_owned(),
        )),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Add,
    Update,
    Remove,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    action: Action,
    target: Target,
    managed_id: Option<String>,
}

impl Request {
    fn parse(query: &str) -> Result<Self, Error> {
        let value = |name: &str| {
            let mut found = query.split('&').filter_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key == name).then(|| percent_decode(value)).flatten()
            });
            match (found.next(), found.next()) {
                (first, None) => Ok(first),
                (_, Some(_)) => Err(VALID_ACTION.error()),
            }
        };
        let action = match value("action")?.as_deref() {
            Some("attachment-add") => Action::Add,
            Some("attachment-update") => Action::Update,
            Some("attachment-remove") => Action::Remove,
            _ => return Err(VALID_ACTION.error()),
        };
        let (rid, managed_id) = (value("rid")?, value("managed-id")?);
        if rid.is_some() && action == Action::Update {
            return Err(VALID_RID.error());
        }
        if managed_id.is_some() == (action == Action::Add) {
            return Err(VALID_MANAGED_ID.error());
        }
        Ok(Self {
            action,
            target: Target::parse(rid.as_deref())?,
            managed_id,
        })
    }
}

struct Work<'w, 'c> {
    ctx: &'w Context<'c>,
    calendar: &'w Collection,
    parsed: Calendar<'w>,
    /// What goes into the batch with the object.
    more: Vec<Operation>,
}

impl Work<'_, '_> {
    /// Changes the object, and gives the id of what is new.
    fn run(&mut self, request: &Request) -> Result<Option<String>, Error> {
        let old = request.managed_id.as_deref();
        let ids = managed_ids(&self.parsed);
        if old.is_some_and(|old| !ids.iter().any(|(known, _)| known == old)) {
            return Err(VALID_MANAGED_ID.error());
        }
        if request.action == Action::Add && ids.len() >= ATTACHMENTS_MAX {
            return Err(MAX_ATTACHMENTS_PER_RESOURCE.error());
        }
        let notes = floating::notes(self.ctx);
        edit::split_off(
            &mut self.parsed,
            &request.target,
            &mut notes.budget.borrow_mut(),
        )?;
        let added = match request.action {
            Action::Add | Action::Update => Some(self.take()?),
            Action::Remove => None,
        };
        let property = added.as_ref().map(|(_, property)| property);
        match (old, property) {
            (Some(old), property) => {
                if !edit::exchange(&mut self.parsed, &request.target, old, property) {
                    return Err(VALID_MANAGED_ID.error());
                }
            }
            (None, Some(property)) => edit::add(&mut self.parsed, &request.target, property),
            (None, None) => {}
        }
        Ok(added.map(|(managed_id, _)| managed_id))
    }

    /// Takes the attachment out of the request: gives its id and its property.
    fn take(&mut self) -> Result<(String, Property<'static>), Error> {
        let content_type = self.ctx.header("Content-Type").unwrap_or_default();
        let content_type = match content_type.trim() {
            "" => "application/octet-stream".to_owned(),
            told => told.chars().filter(|c| !c.is_control()).collect(),
        };
        let body = self.ctx.read_body(ATTACHMENT_LEN_MAX);
        let body = body.map_err(|error| match error {
            Error::TooLarge(_) => MAX_ATTACHMENT_SIZE.error(),
            error => error,
        })?;
        let managed_id = self.ctx.uuid();
        let url = store::url(self.ctx, self.calendar, &managed_id);
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let mut property = Property::new("ATTACH", &url)
            .with_param("MANAGED-ID", &managed_id)
            .with_param("FMTTYPE", essence)
            .with_param("SIZE", &body.len().to_string());
        if let Some(filename) = self.filename() {
            property = property.with_param("FILENAME", &filename);
        }
        let put = store::put(self.calendar, &managed_id, &content_type, body)?;
        self.more.push(put);
        Ok((managed_id, property.into_owned()))
    }

    /// The name of the file in `Content-Disposition`, without any folder. RFC 8607 §4.2.
    fn filename(&self) -> Option<String> {
        let header = self.ctx.header("Content-Disposition")?;
        let mut parts = header.split(';').skip(1).map(str::trim);
        let named = parts
            .clone()
            .find_map(|part| part.strip_prefix("filename*="));
        let name = match named {
            // RFC 8187 §3.2.
            Some(value) => percent_decode(value.rsplit('\'').next()?)?,
            None => {
                let value = parts.find_map(|part| part.strip_prefix("filename="))?;
                value.trim_matches('"').replace("\\\"", "\"")
            }
        };
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        Some(name).filter(|name| !name.is_empty())
    }
}
