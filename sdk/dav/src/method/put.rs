//! PUT, and all other ways in which a body becomes a member. RFC 4918 §9.7.

use crate::header::conditions::{self, Guard};
use crate::locks::{self, Change};
use crate::method::get::represent;
use crate::profile::{Accepted, Incoming, Origin, RefusedRule};
use crate::request::{Response, Status};
use crate::resource::{Collection, Fields, Member, Resource, Stored, Want};
use crate::store::{Accept, Batch, Content, Done, Expect, Operation};
use crate::{Context, Error, Path, Rights};

/// Answers PUT.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    // RFC 9110 §9.3.4: taken for a whole body, a part would destroy the rest.
    if ctx.header("Content-Range").is_some() {
        return Err(Error::BadRequest(
            "PUT of a part is not supported".to_owned(),
        ));
    }
    let resource = ctx.find_target()?;
    let guard = match conditions::check(ctx, resource.as_ref()) {
        Ok(guard) => guard,
        Err(error) => return failed_condition(ctx, resource.as_ref(), error),
    };
    match &resource {
        Some(Resource::Member(collection, member)) => store(
            ctx,
            &guard,
            &ctx.target.path,
            collection,
            Some(member),
            Origin::Put,
        ),
        None => {
            let collection = ctx.find_parent(&ctx.target.path)?;
            if ctx.target.slash {
                return Err(Error::Conflict(
                    "a URL that ends in a slash is a collection's".into(),
                ));
            }
            store(
                ctx,
                &guard,
                &ctx.target.path,
                &collection,
                None,
                Origin::Put,
            )
        }
        Some(Resource::Collection(_) | Resource::Principal(_)) => Err(Error::MethodNotAllowed),
    }
}

/// Stores the body of the request as a member.
pub fn store(
    ctx: &Context<'_>,
    guard: &Guard,
    path: &Path,
    collection: &Collection,
    existing: Option<&Member>,
    origin: Origin,
) -> Result<Response, Error> {
    let kind = ctx.profile.kind(&collection.kind);
    let content_type = ctx.header("Content-Type");
    let incoming = |body| Incoming {
        origin,
        path,
        collection,
        existing,
        source: None,
        content_type: content_type.as_deref(),
        body,
    };
    let mut read = None;
    if let (Some(rule), Some(existing)) = (kind.put_personal, existing)
        && collection.rights.has(Rights::READ)
    {
        let personal = incoming(ctx.read_body(ctx.profile.limits.member_len_max)?);
        if let Some(operations) = rule(ctx, &personal, existing)? {
            commit_personal(ctx, guard, &personal, existing, operations)?;
            return personal_response(ctx, &personal);
        }
        read = Some(personal.body);
    }
    check_place(ctx, guard, path, collection, existing)?;
    let accepted = match kind.put {
        None => Accepted::plain(Accept::plain(Content::Request, content_type.clone())),
        Some(rule) => {
            let body = match read {
                Some(body) => body,
                None => ctx.read_body(ctx.profile.limits.member_len_max)?,
            };
            rule(ctx, incoming(body))?
        }
    };
    let expect = expect(guard, existing);
    let changed = accepted.changed;
    let headers = accepted.headers.clone();
    let done = commit_put(ctx, guard, path, accepted, expect)?;
    let mut response = match existing {
        Some(_) => Response::new(Status::NO_CONTENT),
        None => Response::new(Status::CREATED),
    };
    if ctx.prefer.representation {
        let status = existing.map_or(Status::CREATED, |_| Status::OK);
        let stored = ctx.find(path, &ENTITY)?;
        // It is stored, whether or not it can be shown in the form that the client would take.
        if let Some(Ok(shown)) = stored.map(|stored| preferred(ctx, path, &stored, status)) {
            response = shown;
        }
    } else if let (Some(Done::Written { etag, modified }), false) = (done.first(), changed) {
        response.set("ETag", etag.quoted());
        response.set("Last-Modified", modified.http_date());
    }
    if origin == Origin::Post {
        response.set("Location", ctx.href(path, false));
    }
    for (name, value) in headers {
        response.set(name, value);
    }
    Ok(response)
}

/// Gives a member another body, which is not that of the request, together with more operations: by
/// the rules, rights and locks of its place, as PUT does.
pub fn replace(
    ctx: &Context<'_>,
    guard: &Guard,
    collection: &Collection,
    member: &Member,
    body: Vec<u8>,
    more: Vec<Operation>,
) -> Result<Vec<Done>, Error> {
    let path = collection.path.join(&member.name);
    let kind = ctx.profile.kind(&collection.kind);
    let incoming = Incoming {
        origin: Origin::Put,
        path: &path,
        collection,
        existing: Some(member),
        source: None,
        content_type: member.content_type.as_deref(),
        body,
    };
    if let Some(rule) = kind.put_personal
        && more.is_empty()
        && collection.rights.has(Rights::READ)
        && let Some(operations) = rule(ctx, &incoming, member)?
    {
        commit_personal(ctx, guard, &incoming, member, operations)?;
        return Ok(Vec::new());
    }
    check_place(ctx, guard, &path, collection, Some(member))?;
    let mut accepted = match kind.put {
        None => Accepted::plain(Accept::plain(
            Content::Bytes(incoming.body),
            member.content_type.clone(),
        )),
        Some(rule) => rule(ctx, incoming)?,
    };
    accepted.more.operations.extend(more);
    // It was made out of the body that was read.
    commit_put(ctx, guard, &path, accepted, Expect::Version(member.version))
}

/// Checks kind, rights and locks of the place for a member.
pub(crate) fn check_place(
    ctx: &Context<'_>,
    guard: &Guard,
    path: &Path,
    collection: &Collection,
    existing: Option<&Member>,
) -> Result<(), Error> {
    if existing.is_none() && !ctx.profile.kind(&collection.kind).holds_members {
        return Err(Error::Forbidden(
            "this collection holds no members".to_owned(),
        ));
    }
    match existing {
        Some(_) => {
            ctx.require(path, collection.rights, Rights::INSERT, "write-content")?;
            ctx.require(path, collection.rights, Rights::REMOVE, "unbind")?;
            locks::require(ctx, guard, &[Change::Resource(path)])
        }
        None => {
            ctx.require(&collection.path, collection.rights, Rights::INSERT, "bind")?;
            let membership = Change::Resource(&collection.path);
            locks::require(ctx, guard, &[membership, Change::Resource(path)])
        }
    }
}

/// Pins what was there when there was a condition; without one the last writer wins.
fn expect(guard: &Guard, existing: Option<&Member>) -> Expect {
    match existing {
        Some(member) if guard.is_conditional => Expect::Version(member.version),
        None if guard.is_conditional => Expect::Missing,
        Some(_) | None => Expect::Anything,
    }
}

/// Commits a body together with all that the rules added to it.
pub(crate) fn commit_put(
    ctx: &Context<'_>,
    guard: &Guard,
    path: &Path,
    accepted: Accepted,
    expect: Expect,
) -> Result<Vec<Done>, Error> {
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    batch.push(Operation::Put {
        path: path.clone(),
        accept: accepted.accept,
        expect,
    });
    batch.operations.extend(accepted.more.operations);
    commit(ctx, batch, accepted.refused)
}

/// Commits a batch; what a refusal means the rules of the place may know better.
pub(crate) fn commit(
    ctx: &Context<'_>,
    batch: Batch,
    refused: Option<RefusedRule>,
) -> Result<Vec<Done>, Error> {
    ctx.store.commit(batch).map_err(|error| {
        refused
            .and_then(|rule| rule(ctx, &error))
            .unwrap_or_else(|| ctx.refused(error))
    })
}

/// RFC 8144 §3.2: with `return=representation` a failed condition comes with what is there.
fn failed_condition(
    ctx: &Context<'_>,
    resource: Option<&Resource>,
    error: Error,
) -> Result<Response, Error> {
    match (resource, &error) {
        (Some(found @ Resource::Member(collection, _)), Error::PreconditionFailed(_))
            if ctx.prefer.representation && collection.rights.has(Rights::READ) =>
        {
            preferred(ctx, &ctx.target.path, found, error.status()).or(Err(error))
        }
        _ => Err(error),
    }
}

const ENTITY: Want<'static> = Want {
    fields: Fields::ENTITY,
    stored: Stored::None,
};

/// An answer with what is at `path` now, for clients that prefer that. RFC 7240 §4.2.
fn preferred(
    ctx: &Context<'_>,
    path: &Path,
    resource: &Resource,
    status: Status,
) -> Result<Response, Error> {
    let mut response = represent(ctx, resource)?;
    response.status = status;
    response.set("Content-Location", ctx.href(path, false));
    response.set("Preference-Applied", "return=representation");
    Ok(response)
}

/// Stores what of a body is the principal's own, which is all that it changes.
fn commit_personal(
    ctx: &Context<'_>,
    guard: &Guard,
    incoming: &Incoming<'_>,
    existing: &Member,
    operations: Vec<Operation>,
) -> Result<(), Error> {
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    batch.push(Operation::Check {
        path: incoming.path.clone(),
        expect: Expect::Version(existing.version),
    });
    if guard.is_conditional {
        // What is the principal's own has no version that a condition could pin.
        batch.push(Operation::Check {
            path: incoming.collection.path.clone(),
            expect: Expect::State(incoming.collection.state),
        });
    }
    batch.operations.extend(operations);
    ctx.commit(batch).map(drop)
}

/// The answer to a body that changed what is the principal's own.
fn personal_response(ctx: &Context<'_>, incoming: &Incoming<'_>) -> Result<Response, Error> {
    let stored = ctx.find(incoming.path, &ENTITY)?;
    let stored = stored.filter(|_| ctx.prefer.representation);
    match stored.map(|stored| preferred(ctx, incoming.path, &stored, Status::OK)) {
        Some(Ok(shown)) => Ok(shown),
        // Perhaps it is written in another way now: the client has to read it to know the tag.
        Some(Err(_)) | None => Ok(Response::new(Status::NO_CONTENT)),
    }
}
