//! LOCK: a new lock, or a longer life for one. RFC 4918 §9.10.

use xml::{Name, Writer};

use crate::body::lockinfo::{self, LockInfo, write_active_lock};
use crate::error::NO_CONFLICTING_LOCK;
use crate::header::conditions::{self, Guard};
use crate::header::depth::{self, Depth};
use crate::header::timeout;
use crate::locks;
use crate::profile::{Accepted, Incoming, Origin};
use crate::request::{Response, ResponseBody, Status};
use crate::resource::Resource;
use crate::store::{Accept, Batch, Content, Done, Expect, Lock, LockScope, Operation};
use crate::{Context, Error, Path, Rights, Time};

/// Answers LOCK.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let resource = ctx.find_target()?;
    let body = ctx.read_xml()?;
    let guard = conditions::check(ctx, resource.as_ref())?;
    let expires = Time(ctx.store.now().0 + i64::from(timeout::parse(ctx)));
    match body {
        None => refresh(ctx, &guard, expires),
        Some(root) => take(
            ctx,
            &guard,
            resource.as_ref(),
            lockinfo::parse(&root)?,
            expires,
        ),
    }
}

/// RFC 4918 §9.10.2: the lock is the one in `If`; Depth is not looked at.
fn refresh(ctx: &Context<'_>, guard: &Guard, expires: Time) -> Result<Response, Error> {
    let held = ctx
        .store
        .locks(&ctx.target.path, LockScope::Covering)?
        .into_iter()
        .find(|lock| locks::is_held(ctx, guard, lock))
        .ok_or_else(|| Error::PreconditionFailed("no lock to refresh is in If".to_owned()))?;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    batch.push(Operation::Refresh {
        lock: held,
        expires,
    });
    ctx.commit(batch)?;
    discovery(ctx, Status::OK)
}

fn take(
    ctx: &Context<'_>,
    guard: &Guard,
    resource: Option<&Resource>,
    info: LockInfo,
    expires: Time,
) -> Result<Response, Error> {
    // The Windows redirector sends no Depth: RFC 4918 §9.10.3 makes that infinity.
    let deep = match depth::parse(ctx)? {
        None | Some(Depth::Infinity) => true,
        Some(Depth::Zero) => false,
        Some(Depth::One) => return Err(Error::BadRequest("LOCK has Depth: 0 or infinity".into())),
    };
    let path = &ctx.target.path;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    match resource {
        None => create_empty(ctx, guard, path, &mut batch)?,
        Some(Resource::Principal(_)) => return Err(Error::MethodNotAllowed),
        Some(resource) => {
            let writers = Rights::WRITE.and(Rights::INSERT).and(Rights::ANNOTATE);
            if !resource.rights().has_any(writers) {
                let href = ctx.href(path, false);
                return Err(Error::need_privilege(&href, &Name::dav("write")));
            }
            batch.push(Operation::Check {
                path: path.clone(),
                expect: guard.expect(Some(resource)),
            });
        }
    }
    let is_collection = resource.is_some_and(Resource::is_collection);
    check_conflicts(ctx, path, deep && is_collection, info.exclusive)?;
    let at = batch.operations.len();
    batch.push(Operation::Lock(Lock {
        token: String::new(),
        root: path.clone(),
        is_collection,
        deep,
        exclusive: info.exclusive,
        owner: info.owner,
        principal: ctx.user_id().map(str::to_owned),
        expires,
    }));
    let done = ctx.commit(batch)?;
    let status = if resource.is_some() {
        Status::OK
    } else {
        Status::CREATED
    };
    let mut response = discovery(ctx, status)?;
    match done.get(at) {
        Some(Done::Locked { token }) => response.set("Lock-Token", format!("<{token}>")),
        _ => return Err(Error::Internal("the store gave no lock token".to_owned())),
    }
    Ok(response)
}

/// RFC 4918 §7.3: a lock on a URL where nothing is makes an empty resource there.
fn create_empty(
    ctx: &Context<'_>,
    guard: &Guard,
    path: &Path,
    batch: &mut Batch,
) -> Result<(), Error> {
    let collection = ctx.find_parent(path)?;
    super::put::check_place(ctx, guard, path, &collection, None)?;
    let accepted = match ctx.profile.kind(&collection.kind).put {
        None => Accepted::plain(Accept::plain(Content::Bytes(Vec::new()), None)),
        Some(rule) => rule(
            ctx,
            Incoming {
                origin: Origin::Put,
                path,
                collection: &collection,
                existing: None,
                source: None,
                content_type: None,
                body: Vec::new(),
            },
        )?,
    };
    let expect = Expect::Missing;
    batch.push(Operation::Put {
        path: path.clone(),
        accept: accepted.accept,
        expect,
    });
    batch.operations.extend(accepted.more.operations);
    Ok(())
}

fn check_conflicts(
    ctx: &Context<'_>,
    path: &Path,
    tree: bool,
    exclusive: bool,
) -> Result<(), Error> {
    let scope = if tree {
        LockScope::Tree
    } else {
        LockScope::Covering
    };
    let roots: Vec<String> = ctx
        .store
        .locks(path, scope)?
        .iter()
        .filter(|lock| exclusive || lock.exclusive)
        .map(|lock| ctx.href(&lock.root, lock.is_collection))
        .collect();
    match roots.is_empty() {
        true => Ok(()),
        false => Err(NO_CONFLICTING_LOCK.error_at(&roots)),
    }
}

/// The answer: `DAV:prop` with `DAV:lockdiscovery`. RFC 4918 §9.10.1.
fn discovery(ctx: &Context<'_>, status: Status) -> Result<Response, Error> {
    let mut writer = Writer::new(ctx.profile.prefixes);
    let root = Name::dav("prop");
    let lockdiscovery = Name::dav("lockdiscovery");
    writer.start_root(&root);
    writer.start(&lockdiscovery);
    for lock in ctx.store.locks(&ctx.target.path, LockScope::Covering)? {
        write_active_lock(ctx, &mut writer, &lock);
    }
    writer.end(&lockdiscovery);
    writer.end(&root);
    let mut response = Response::new(status);
    response.set("Content-Type", "application/xml; charset=utf-8");
    response.body = ResponseBody::Bytes(writer.into_bytes());
    Ok(response)
}
