//! Attachments lie in the mailbox of the objects that refer to them: put there, brought there with
//! objects that come from elsewhere, and released once nothing there refers to them.

use dav::profile::{Incoming, Origin};
use dav::store::mailbox::Extension;
use dav::store::{Filter, Listing, Operation};
use dav::{Collection, Context, Error, Member, Path, Resource, Want};
use icalendar::{Calendar, Limits};
use module::{Condition, Content, Key, Put, Query, Term, Test};

use super::edit::managed_ids;
use super::find::{
    Attachment, MANAGED_ID, PARAMETER, asked, attachments, failed, find, find_anywhere, open, place,
};
use crate::precondition::VALID_MANAGED_ID_PARAMETER;
use crate::{keys, options};

/// The header field that says the id once more, for whoever makes keys of the message alone.
const HEADER: &str = "Managed-ID";

/// The URL of an attachment: where the calendar really is, since everyone's copy of the object has
/// the same, and as the operator says that the server is reached.
pub(super) fn url(ctx: &Context<'_>, calendar: &Collection, managed_id: &str) -> String {
    let (owner, name) = place(calendar);
    let href = ctx.href(&Path::new(["user", owner, name]), true);
    let base = options::attachments_base();
    let base = base.unwrap_or_else(|| format!("{}://{}", ctx.scheme, ctx.authority));
    format!("{base}{href}?{PARAMETER}{managed_id}")
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
    Ok(extension(Box::new(move |batch| {
        batch.put(&mailbox, put);
    })))
}

fn extension(extension: Extension) -> Operation {
    Operation::Extension(Box::new(extension))
}

/// The key of a message that is an attachment, by its header section.
pub(crate) fn key_of(header: &[u8]) -> Option<Key> {
    let header = std::str::from_utf8(header).ok()?;
    let (name, rest) = header.split_once(": ")?;
    let (managed_id, _) = rest.split_once("\r\n")?;
    (name == HEADER).then(|| Key::text(MANAGED_ID, managed_id))
}

/// What brings the attachments that a new body refers to into its calendar, where they are not there
/// yet, and takes those of an object that is moved out of the calendar that it leaves.
///
/// Fails with `valid-managed-id-parameter` (RFC 8607 §3.11) for one of ours that is nowhere, or where
/// the principal does not see it, if the body is new in referring to it.
pub(crate) fn bring(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    calendar: &Calendar<'_>,
) -> Result<Vec<Operation>, Error> {
    let ids = managed_ids(calendar);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let source = source(ctx, incoming)?;
    let mut operations = Vec::new();
    for (managed_id, url) in &ids {
        if let Some(found) = missing(ctx, incoming, source.as_ref(), managed_id, url)? {
            let target = open(incoming.collection)?;
            let Attachment { mailbox, message } = found;
            operations.push(extension(Box::new(move |batch| {
                batch.copy(&mailbox, message.uid, &target, None, Condition::None);
            })));
        }
    }
    if let (Origin::Move, Some((_, member)), Some(source)) =
        (incoming.origin, incoming.source, &source)
    {
        for (managed_id, _) in &ids {
            operations.extend(release(ctx, source, &member.name, managed_id)?);
        }
    }
    Ok(operations)
}

/// The other calendar that an object comes from.
fn source(ctx: &Context<'_>, incoming: &Incoming<'_>) -> Result<Option<Collection>, Error> {
    let parent = incoming.source.and_then(|(path, _)| path.parent());
    let Some(parent) = parent else {
        return Ok(None);
    };
    let found = match ctx.find(&parent, &Want::default())? {
        Some(Resource::Collection(found)) => found,
        _ => return Ok(None),
    };
    // It may be the same one, by its name in another home.
    Ok((place(&found) != place(incoming.collection)).then_some(found))
}

/// The attachment that is to be brought; none if it is there already, or none of ours to bring.
fn missing(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    source: Option<&Collection>,
    managed_id: &str,
    url: &str,
) -> Result<Option<Attachment>, Error> {
    // What stays in its calendar has all that it had.
    if incoming.source.is_some() && source.is_none() {
        return Ok(None);
    }
    let (path, is_ours) = path_of(ctx, url);
    let path = path.filter(|_| {
        let query = url.split_once('?').and_then(|(_, query)| asked(query));
        query.as_deref() == Some(managed_id)
    });
    let target = open(incoming.collection)?;
    let is_there = !attachments(&target, managed_id)?.is_empty();
    let is_meant = path.is_some() || !is_ours || source.is_some();
    if is_there && is_meant && find(ctx, incoming.collection, managed_id)?.is_some() {
        return Ok(None);
    }
    if referred_before(ctx, incoming, managed_id)? {
        return Ok(None);
    }
    let mut found = match source {
        Some(source) => find(ctx, source, managed_id)?,
        None => None,
    };
    if let (None, Some(path)) = (&found, &path) {
        found = find_anywhere(ctx, path, managed_id)?;
    }
    match found {
        Some(found) => Ok(Some(found).filter(|_| !is_there)),
        // Whatever the URL, an object that all see would have all see it.
        None if is_there => Err(VALID_MANAGED_ID_PARAMETER.error()),
        // Those of other servers are theirs to look after; and what had lost one may go on.
        None if !is_ours || incoming.source.is_some() => Ok(None),
        None => Err(VALID_MANAGED_ID_PARAMETER.error()),
    }
}

/// The path in the URL of an attachment, and whether the URL is certainly of this server: it may have
/// had another name when it gave the URL, and another server may have such paths, too.
fn path_of(ctx: &Context<'_>, url: &str) -> (Option<Path>, bool) {
    let Some((url, _)) = url.split_once('?') else {
        return (None, false);
    };
    let path = |href: &str| ctx.parse_href(href).ok().flatten();
    if let Some(path) = path(url) {
        return (Some(path), true);
    }
    let base = options::attachments_base();
    let own = base.and_then(|base| url.strip_prefix(&base).map(str::to_owned));
    if let Some(own) = own.filter(|rest| rest.starts_with('/')) {
        let path = path(&own);
        return (path.clone(), path.is_some());
    }
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let absolute = rest.and_then(|rest| rest.get(rest.find('/')?..));
    (absolute.and_then(path), false)
}

fn referred_before(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    managed_id: &str,
) -> Result<bool, Error> {
    let Some(existing) = incoming.existing.filter(|_| incoming.source.is_none()) else {
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

/// What removes an attachment if no object of its calendar but `except` refers to it, as a part of a
/// batch. Objects elsewhere have their own.
fn release(
    ctx: &Context<'_>,
    calendar: &Collection,
    except: &str,
    managed_id: &str,
) -> Result<Option<Operation>, Error> {
    let Ok(mailbox) = open(calendar) else {
        return Ok(None);
    };
    let messages = attachments(&mailbox, managed_id)?;
    if messages.is_empty() || is_referred(ctx, calendar, except, managed_id)? {
        return Ok(None);
    }
    Ok(Some(extension(Box::new(move |batch| {
        for message in messages {
            batch.remove(&mailbox, message.uid);
        }
    }))))
}

/// Whether an object of a calendar other than this one refers to an attachment.
fn is_referred(
    ctx: &Context<'_>,
    calendar: &Collection,
    except: &str,
    managed_id: &str,
) -> Result<bool, Error> {
    let value = keys::short(managed_id);
    let filter = [Filter::Equals(keys::ATTACHMENT, &value)];
    let listing = Listing {
        members: true,
        filter: &filter,
        limit: 2,
        ..Listing::default()
    };
    let page = ctx.store.children(calendar, &listing)?;
    Ok(page.members.iter().any(|member| member.name != except))
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
