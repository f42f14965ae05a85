//! Where attachments lie: found, given, and released once nothing refers to them.

use dav::profile::Incoming;
use dav::request::{ResponseBody, Status};
use dav::store::mailbox::Extension;
use dav::store::{Filter, Listing, Operation};
use dav::{
    Collection, Context, Error, Member, Path, Resource, Response, Rights, Want, percent_decode,
};
use icalendar::{Calendar, Limits};
use module::{
    Condition, Content, Key, Mailbox, MailboxScope, Message, Part, Put, Query, Term, Test,
};

use super::edit::managed_ids;
use crate::precondition::VALID_MANAGED_ID_PARAMETER;
use crate::profile::{CALENDAR, HOME_NAME};
use crate::{keys, options, provision};

/// The header field that says the id once more, for whoever makes keys of the message alone.
const HEADER: &str = "Managed-ID";

/// The index key of an attachment itself; objects that refer to one have [`keys::ATTACHMENT`].
const MANAGED_ID: &str = "managed-id";

/// The most calendars of an owner that are looked through for an attachment.
const CALENDARS_MAX: u32 = 2000;

/// The parameter of the URL of an attachment.
const PARAMETER: &str = "attachment=";

/// The URL of an attachment: where the calendar really is, since everyone's copy of the object has
/// the same, and as the operator says that the server is reached.
pub(super) fn url(ctx: &Context<'_>, calendar: &Collection, managed_id: &str) -> String {
    let (owner, name) = place(calendar);
    let href = ctx.href(&Path::new(["user", owner, name]), true);
    let base = options::attachments_base();
    let base = base.unwrap_or_else(|| format!("{}://{}", ctx.scheme, ctx.authority));
    format!("{base}{href}?{PARAMETER}{managed_id}")
}

/// The path in the URL of an attachment; none if it is on another server.
fn path_of(ctx: &Context<'_>, url: &str) -> Option<Path> {
    let base = options::attachments_base();
    let own = base.and_then(|base| url.strip_prefix(&base).map(str::to_owned));
    let own = own.filter(|rest| rest.starts_with('/'));
    ctx.parse_href(own.as_deref().unwrap_or(url)).ok().flatten()
}

/// The owner of a calendar and its name. In the home of somebody else it is called `owner.name`.
fn place(calendar: &Collection) -> (&str, &str) {
    let name = calendar.path.name().unwrap_or_default();
    let owner = calendar.owner.as_deref().unwrap_or_default();
    let in_own = calendar.path.parts().get(1).map(String::as_str) == Some(owner);
    let shared = name
        .strip_prefix(owner)
        .and_then(|rest| rest.strip_prefix('.'));
    (owner, shared.filter(|_| !in_own).unwrap_or(name))
}

/// The managed id in a query, if it asks for an attachment.
fn asked(query: &str) -> Option<String> {
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
    let found = match find(calendar, &managed_id)? {
        Some(found) => Some(found),
        // Another calendar has taken the name of the one that was moved.
        None => find_anywhere(&calendar.path, &managed_id)?,
    };
    let (mailbox, message) = found.ok_or(Error::NotFound)?;
    respond(&mailbox, message, &managed_id).map(Some)
}

/// Answers GET and HEAD of an attachment where a calendar was that has been moved: objects say where
/// it was when they got the attachment, and their bytes stay as they are.
pub(crate) fn get_moved(ctx: &Context<'_>) -> Result<Response, Error> {
    let managed_id = ctx.query.and_then(asked).ok_or(Error::NotFound)?;
    let found = find_anywhere(&ctx.target.path, &managed_id)?;
    let (mailbox, message) = found.ok_or(Error::NotFound)?;
    respond(&mailbox, message, &managed_id)
}

fn respond(mailbox: &Mailbox, message: Message, managed_id: &str) -> Result<Response, Error> {
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

/// The attachment with this id in any calendar that the principal may read, of the owner whose
/// calendar was at `path`.
fn find_anywhere(path: &Path, managed_id: &str) -> Result<Option<(Mailbox, Message)>, Error> {
    let [user, owner, name] = path.parts() else {
        return Ok(None);
    };
    // In the home of somebody else it is called `owner.name`: both may be meant.
    let shared = name.split_once('.').map(|(shared, _)| shared);
    for owner in [Some(owner.as_str()), shared].into_iter().flatten() {
        let home = [user, owner, HOME_NAME].map(str::to_owned).to_vec();
        let scope = MailboxScope::Tree(home);
        let calendars = Mailbox::list_all(&scope, Some(CALENDAR), None, CALENDARS_MAX);
        for status in calendars.unwrap_or_default() {
            let Ok(mailbox) = Mailbox::open(&status.path) else {
                continue;
            };
            if let Some(found) = find_in(mailbox, managed_id)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// The attachment of a calendar with this id.
fn find(calendar: &Collection, managed_id: &str) -> Result<Option<(Mailbox, Message)>, Error> {
    match open(calendar) {
        Ok(mailbox) => find_in(mailbox, managed_id),
        Err(_) => Ok(None),
    }
}

fn find_in(mailbox: Mailbox, managed_id: &str) -> Result<Option<(Mailbox, Message)>, Error> {
    let query = Query {
        all_of: vec![vec![Term::new(
            MANAGED_ID,
            Test::Equal(managed_id.to_owned()),
        )]],
        limit: 1,
        ..Query::default()
    };
    let found = match mailbox.search(&query) {
        Ok(results) => results.found.into_iter().next(),
        Err(module::Error::Forbidden(_)) => None,
        Err(error) => return Err(failed(error)),
    };
    Ok(found.map(|found| (mailbox, found.message)))
}

/// The mailbox of a calendar.
fn open(calendar: &Collection) -> Result<Mailbox, Error> {
    let (owner, name) = place(calendar);
    let path = ["user", owner, HOME_NAME, name].map(str::to_owned);
    Mailbox::open(&path).map_err(failed)
}

fn failed(error: module::Error) -> Error {
    match error {
        module::Error::NotFound => Error::NotFound,
        module::Error::Unavailable(_) => Error::Busy,
        error => Error::Internal(error.to_string()),
    }
}

/// What stores a new attachment, as a part of a batch.
pub(super) fn put(
    calendar: &Collection,
    managed_id: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Result<Operation, Error> {
    let mailbox = open(calendar)?;
    let put = Put {
        name: None,
        condition: Condition::None,
        header: format!(
            "{HEADER}: {managed_id}\r\nMIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\
             Content-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        )
        .into_bytes(),
        content: Content::Bytes(body),
        content_type: content_type.to_owned(),
        flags: Vec::new(),
        keys: vec![Key::text(MANAGED_ID, managed_id)],
        keys_version: keys::VERSION,
    };
    let extension: Extension = Box::new(move |batch| {
        batch.put(&mailbox, put);
    });
    Ok(Operation::Extension(Box::new(extension)))
}

/// The key of a message that is an attachment, by its header section.
pub(crate) fn key_of(header: &[u8]) -> Option<Key> {
    let header = std::str::from_utf8(header).ok()?;
    let (name, rest) = header.split_once(": ")?;
    let (managed_id, _) = rest.split_once("\r\n")?;
    (name == HEADER).then(|| Key::text(MANAGED_ID, managed_id))
}

/// What removes an attachment if no object but `except` refers to it, as a part of a batch.
fn release(
    ctx: &Context<'_>,
    calendar: &Collection,
    except: &str,
    managed_id: &str,
) -> Result<Option<Operation>, Error> {
    let Some((mailbox, message)) = find(calendar, managed_id)? else {
        return Ok(None);
    };
    if is_referred(ctx, calendar, except, managed_id)? {
        return Ok(None);
    }
    let extension: Extension = Box::new(move |batch| {
        batch.remove(&mailbox, message.uid);
    });
    Ok(Some(Operation::Extension(Box::new(extension))))
}

/// Whether an object other than one of this calendar refers to an attachment, in any calendar of
/// the same home: copies refer to what they were copied with.
fn is_referred(
    ctx: &Context<'_>,
    calendar: &Collection,
    except: &str,
    managed_id: &str,
) -> Result<bool, Error> {
    for found in &calendars_with(ctx, calendar)? {
        let filter = [Filter::Equals(keys::ATTACHMENT, managed_id)];
        let listing = Listing {
            members: true,
            filter: &filter,
            limit: 2,
            ..Listing::default()
        };
        let page = ctx.store.children(found, &listing)?;
        let is_other = |name: &str| found.path != calendar.path || name != except;
        if page.members.iter().any(|member| is_other(&member.name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A calendar, and all others of the same home.
fn calendars_with(ctx: &Context<'_>, calendar: &Collection) -> Result<Vec<Collection>, Error> {
    let mut calendars = vec![calendar.clone()];
    let home = provision::home_of(&calendar.path);
    let Some(Resource::Collection(home)) = ctx.find(&home, &Want::default())? else {
        return Ok(calendars);
    };
    let mut after: Option<String> = None;
    loop {
        let listing = Listing {
            collections: true,
            after: after.as_deref(),
            limit: ctx.profile.limits.page,
            ..Listing::default()
        };
        let page = ctx.store.children(&home, &listing)?;
        let others = page.collections.into_iter().filter(|found| {
            found.kind == CALENDAR && found.path != calendar.path && found.rights.has(Rights::READ)
        });
        calendars.extend(others);
        after = page.next;
        if after.is_none() {
            return Ok(calendars);
        }
    }
}

/// Checks that the attachments that a new body refers to, and that are ours, are there, or that the
/// old one referred to them already. RFC 8607 §3.11: `valid-managed-id-parameter`.
pub(crate) fn check_new(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    calendar: &Calendar<'_>,
) -> Result<(), Error> {
    for (managed_id, url) in managed_ids(calendar) {
        let Some((href, query)) = url.split_once('?') else {
            continue;
        };
        // Those of other servers are theirs to look after.
        let Some(path) = path_of(ctx, href) else {
            continue;
        };
        let is_there = asked(query).as_ref() == Some(&managed_id)
            && find_anywhere(&path, &managed_id)?.is_some();
        if !is_there && !referred_before(ctx, incoming, &managed_id)? {
            return Err(VALID_MANAGED_ID_PARAMETER.error());
        }
    }
    Ok(())
}

fn referred_before(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    managed_id: &str,
) -> Result<bool, Error> {
    let Some(existing) = incoming.existing else {
        return Ok(false);
    };
    let body = ctx.store.read(incoming.collection, existing)?;
    let old = Calendar::parse(&body, &Limits::default());
    Ok(old.is_ok_and(|old| {
        managed_ids(&old)
            .iter()
            .any(|(known, _)| known == managed_id)
    }))
}

/// What releases the attachments that a stored object refers to, but for those that are kept.
pub(crate) fn release_dropped(
    ctx: &Context<'_>,
    calendar: &Collection,
    member: &Member,
    kept: &[(String, String)],
) -> Result<Vec<Operation>, Error> {
    if !has_any(calendar)? {
        return Ok(Vec::new());
    }
    let body = ctx.store.read(calendar, member)?;
    let Ok(old) = Calendar::parse(&body, &Limits::default()) else {
        return Ok(Vec::new());
    };
    let mut operations = Vec::new();
    for (managed_id, _) in managed_ids(&old) {
        if !kept.iter().any(|(known, _)| *known == managed_id) {
            operations.extend(release(ctx, calendar, &member.name, &managed_id)?);
        }
    }
    Ok(operations)
}

/// Whether a calendar has any attachment: most have none, and then no object needs to be read.
fn has_any(calendar: &Collection) -> Result<bool, Error> {
    let Ok(mailbox) = open(calendar) else {
        return Ok(false);
    };
    let query = Query {
        all_of: vec![vec![Term::new(MANAGED_ID, Test::Present)]],
        limit: 1,
        ..Query::default()
    };
    match mailbox.search(&query) {
        Ok(results) => Ok(!results.found.is_empty()),
        Err(module::Error::Forbidden(_)) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}
