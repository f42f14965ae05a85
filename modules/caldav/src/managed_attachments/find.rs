//! Where attachments lie, and who sees them. RFC 8607 §3.12.2.

use dav::request::{ResponseBody, Status};
use dav::{Collection, Context, Error, Path, Response, percent_decode};
use module::{Found, Mailbox, MailboxScope, Message, Part, Query, Term, Test};

use crate::profile::{CALENDAR, HOME_NAME};
use crate::{keys, privacy};

/// The index key of an attachment itself; objects that refer to one have [`keys::ATTACHMENT`].
pub(super) const MANAGED_ID: &str = "managed-id";

/// The parameter of the URL of an attachment.
pub(super) const PARAMETER: &str = "attachment=";

/// The most calendars of a home that are looked through for an attachment.
const CALENDARS_MAX: u32 = 2000;

/// How many objects are read at once.
const OBJECTS_PAGE: u32 = 100;

/// An attachment, in the mailbox where it was found.
pub(super) struct Attachment {
    pub mailbox: Mailbox,
    pub message: Message,
}

/// The owner of a calendar and its name. In the home of somebody else it is called `owner.name`.
pub(super) fn place(calendar: &Collection) -> (&str, &str) {
    let name = calendar.path.name().unwrap_or_default();
    let owner = calendar.owner.as_deref().unwrap_or_default();
    let in_own = calendar.path.parts().get(1).map(String::as_str) == Some(owner);
    let shared = name
        .strip_prefix(owner)
        .and_then(|rest| rest.strip_prefix('.'));
    (owner, shared.filter(|_| !in_own).unwrap_or(name))
}

/// The mailbox of a calendar.
pub(super) fn open(calendar: &Collection) -> Result<Mailbox, Error> {
    let (owner, name) = place(calendar);
    let path = ["user", owner, HOME_NAME, name].map(str::to_owned);
    Mailbox::open(&path).map_err(failed)
}

pub(super) fn failed(error: module::Error) -> Error {
    match error {
        module::Error::NotFound => Error::NotFound,
        module::Error::Unavailable(_) => Error::Busy,
        error => Error::Internal(error.to_string()),
    }
}

/// The managed id in a query, if it asks for an attachment.
pub(super) fn asked(query: &str) -> Option<String> {
    let value = query
        .split('&')
        .find_map(|part| part.strip_prefix(PARAMETER))?;
    percent_decode(value)
}

/// Answers GET of an attachment; none if the request is for the calendar itself.
pub(crate) fn get(ctx: &Context<'_>, calendar: &Collection) -> Result<Option<Response>, Error> {
    let Some(managed_id) = ctx.query.and_then(asked) else {
        return Ok(None);
    };
    let found = match find(ctx, calendar, &managed_id)? {
        Some(found) => Some(found),
        // The object has gone elsewhere with it, or another calendar has taken the name of its own.
        None => find_anywhere(ctx, &calendar.path, &managed_id)?,
    };
    respond(found.ok_or(Error::NotFound)?, &managed_id).map(Some)
}

/// Answers GET and HEAD of an attachment where a calendar was that has been moved: objects say where
/// it was when they got the attachment, and their bytes stay as they are.
pub(crate) fn get_moved(ctx: &Context<'_>) -> Result<Response, Error> {
    let managed_id = ctx.query.and_then(asked).ok_or(Error::NotFound)?;
    let found = find_anywhere(ctx, &ctx.target.path, &managed_id)?;
    respond(found.ok_or(Error::NotFound)?, &managed_id)
}

fn respond(found: Attachment, managed_id: &str) -> Result<Response, Error> {
    let Attachment { mailbox, message } = found;
    let bytes = mailbox.read(&[message.uid], Part::Body).map_err(failed)?;
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", message.content_type);
    // An id never gets other bytes: RFC 8607 §3.5 wants a new one for each change.
    response.set("ETag", format!("\"{managed_id}\""));
    response.set("Cache-Control", "private, max-age=31536000, immutable");
    // What a stranger wrote is not opened in the name of this server.
    response.set("Content-Disposition", "attachment");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Content-Security-Policy", "sandbox; default-src 'none'");
    response.body = ResponseBody::Bytes(bytes.into_iter().next().unwrap_or_default());
    Ok(response)
}

/// The attachment with this id in any calendar where the principal sees it: of the owner whose
/// calendar was at `path`, of its own, or shared with it.
pub(super) fn find_anywhere(
    ctx: &Context<'_>,
    path: &Path,
    managed_id: &str,
) -> Result<Option<Attachment>, Error> {
    let [_, owner, name] = path.parts() else {
        return Ok(None);
    };
    // In the home of somebody else it is called `owner.name`: both may be meant.
    let shared = name.split_once('.').map(|(shared, _)| shared);
    let mut owners: Vec<&str> = Vec::new();
    for owner in [Some(owner.as_str()), shared, ctx.user_id()] {
        owners.extend(owner.filter(|owner| !owners.contains(owner)));
    }
    let homes = owners
        .into_iter()
        .map(|owner| MailboxScope::Tree(["user", owner, HOME_NAME].map(str::to_owned).to_vec()));
    let scopes = homes.chain(ctx.user.is_some().then_some(MailboxScope::Shared));
    for scope in scopes {
        let calendars = Mailbox::list_all(&scope, Some(CALENDAR), None, CALENDARS_MAX);
        for status in calendars.unwrap_or_default() {
            let Ok(mailbox) = Mailbox::open(&status.path) else {
                continue;
            };
            for message in attachments(&mailbox, managed_id)? {
                if is_seen(ctx, status.owner.as_deref(), &mailbox, managed_id)? {
                    return Ok(Some(Attachment { mailbox, message }));
                }
            }
        }
    }
    Ok(None)
}

/// The attachment of a calendar with this id, if the principal sees it there.
pub(super) fn find(
    ctx: &Context<'_>,
    calendar: &Collection,
    managed_id: &str,
) -> Result<Option<Attachment>, Error> {
    let Ok(mailbox) = open(calendar) else {
        return Ok(None);
    };
    let message = attachments(&mailbox, managed_id)?.into_iter().next();
    match message {
        Some(message) if is_seen(ctx, calendar.owner.as_deref(), &mailbox, managed_id)? => {
            Ok(Some(Attachment { mailbox, message }))
        }
        _ => Ok(None),
    }
}

/// All messages of a mailbox that are the attachment with this id, whether or not the principal sees
/// it. Two requests at the same moment may have brought it twice.
pub(super) fn attachments(mailbox: &Mailbox, managed_id: &str) -> Result<Vec<Message>, Error> {
    let found = search(mailbox, MANAGED_ID, &keys::short(managed_id), 0, None)?;
    Ok(found.into_iter().map(|found| found.message).collect())
}

/// Whether the principal sees an attachment that lies in a mailbox: what only private objects there
/// refer to is the owner's.
fn is_seen(
    ctx: &Context<'_>,
    owner: Option<&str>,
    mailbox: &Mailbox,
    managed_id: &str,
) -> Result<bool, Error> {
    if privacy::is_owner(ctx, owner) {
        return Ok(true);
    }
    let (value, mut after) = (keys::short(managed_id), 0);
    loop {
        let page = search(mailbox, keys::ATTACHMENT, &value, after, Some(Part::Body))?;
        let Some(last) = page.last() else {
            return Ok(false);
        };
        after = last.message.uid;
        for found in page {
            let body = match found.body {
                Some(body) => body,
                // Those found together were too long.
                None => {
                    let uids = [found.message.uid];
                    let read = mailbox.read(&uids, Part::Body).map_err(failed)?;
                    read.into_iter().next().unwrap_or_default()
                }
            };
            if !privacy::is_private_object(&body) {
                return Ok(true);
            }
        }
    }
}

/// A page of the messages with a key. None if the principal may not read.
fn search(
    mailbox: &Mailbox,
    key: &str,
    value: &str,
    after: module::Uid,
    body: Option<Part>,
) -> Result<Vec<Found>, Error> {
    let query = Query {
        all_of: vec![vec![Term::new(key, Test::Equal(value.to_owned()))]],
        after,
        limit: OBJECTS_PAGE,
        body,
        ..Query::default()
    };
    match mailbox.search(&query) {
        Ok(results) => Ok(results.found),
        Err(module::Error::Forbidden(_)) => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}
