//! MKCOL, plain and with properties. RFC 4918 §9.3, RFC 5689.

use xml::{Name, Writer};

use crate::body::mkcol::{self, MakeCollection};
use crate::body::multistatus::write_propstats;
use crate::body::proppatch::Update;
use crate::error::{RESOURCE_MUST_BE_NULL, VALID_RESOURCETYPE};
use crate::header::conditions;
use crate::locks::{self, Change};
use crate::method::proppatch::{self, Outcomes};
use crate::profile::CollectionKind;
use crate::property::Subject;
use crate::request::{Response, ResponseBody, Status};
use crate::resource::Collection;
use crate::store::{Batch, Operation};
use crate::{Context, Error, Rights};

/// Answers MKCOL.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let request = match parse_body(ctx)? {
        Some(root) => mkcol::parse(&root, xml::DAV, "mkcol")?,
        None => MakeCollection::default(),
    };
    let kind = match &request.resourcetype {
        Some(names) => find_kind(ctx, names),
        None => ctx.profile.default_kind.map(|name| ctx.profile.kind(name)),
    };
    match make(ctx, kind, &request.updates)? {
        Ok(response) => Ok(response),
        Err(outcomes) => Ok(refusal(ctx, &Name::dav("mkcol-response"), &outcomes)),
    }
}

/// Reads the body, which has to be XML if there is one. RFC 4918 §9.3, RFC 5689 §3.
pub fn parse_body(ctx: &Context<'_>) -> Result<Option<xml::Element>, Error> {
    if ctx.body_is_empty() {
        return Ok(None);
    }
    let body = ctx.read_body(ctx.profile.limits.xml.bytes as u64)?;
    if body.is_empty() {
        return Ok(None);
    }
    let content_type = ctx
        .header("Content-Type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence {
        "application/xml" | "text/xml" => Ok(Some(xml::parse(&body, &ctx.profile.limits.xml)?)),
        _ => Err(Error::UnsupportedMediaType(
            "a body of MKCOL is XML".to_owned(),
        )),
    }
}

/// The kind that has exactly these resource types.
pub fn find_kind<'c>(ctx: &Context<'c>, names: &[Name]) -> Option<&'c CollectionKind> {
    let is_collection = names.iter().any(|name| name.is(xml::DAV, "collection"));
    let others: Vec<&Name> = names
        .iter()
        .filter(|name| !name.is(xml::DAV, "collection"))
        .collect();
    ctx.profile.kinds.iter().find(|kind| {
        is_collection
            && kind.creatable
            && kind.resourcetype.len() == others.len()
            && others.iter().all(|name| kind.resourcetype.contains(name))
    })
}

/// Makes a collection at the target, with properties. `kind` none is one that cannot be made.
///
/// Inner errors say which properties could not be set; then nothing was made.
pub fn make(
    ctx: &Context<'_>,
    kind: Option<&CollectionKind>,
    updates: &[Update],
) -> Result<Result<Response, Outcomes>, Error> {
    let path = &ctx.target.path;
    let existing = ctx.find_target()?;
    let guard = conditions::check(ctx, existing.as_ref())?;
    if existing.is_some() {
        return Err(RESOURCE_MUST_BE_NULL.error());
    }
    let parent = ctx.find_parent(path)?;
    let kind = kind
        .filter(|kind| kind.creatable)
        .ok_or_else(|| VALID_RESOURCETYPE.error())?;
    check_place(ctx, &parent, kind, path)?;
    locks::require(
        ctx,
        &guard,
        &[Change::Resource(&parent.path), Change::Resource(path)],
    )?;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens,
    };
    batch.push(Operation::MakeCollection {
        path: path.clone(),
        kind: kind.name.to_owned(),
    });
    let new = Collection {
        path: path.clone(),
        kind: kind.name.to_owned(),
        rights: Rights::FULL,
        ..Collection::default()
    };
    let outcomes = proppatch::apply(
        ctx,
        Subject::Collection(&new),
        path,
        updates,
        true,
        &mut batch,
    )?;
    if outcomes.iter().any(|(_, status, _)| *status != Status::OK) {
        return Ok(Err(outcomes));
    }
    ctx.commit(batch)?;
    let mut response = Response::new(Status::CREATED);
    // RFC 5689 §3: the answer is not to be cached.
    response.set("Cache-Control", "no-cache");
    if !ctx.target.slash {
        response.set("Location", ctx.href(path, true));
    }
    Ok(Ok(response))
}

/// Whether a collection of this kind may be at `path`.
pub(crate) fn check_place(
    ctx: &Context<'_>,
    parent: &Collection,
    kind: &CollectionKind,
    path: &crate::Path,
) -> Result<(), Error> {
    if let Some(rule) = ctx.profile.place {
        rule(ctx, parent, path, kind)?;
    }
    if !ctx.profile.kind(&parent.kind).holds_collections {
        return Err(Error::Forbidden(
            "no collections can be made here".to_owned(),
        ));
    }
    ctx.require(&parent.path, parent.rights, Rights::CREATE, "bind")
}

/// The answer that says why properties could not be set. RFC 5689 §3.
pub fn refusal(ctx: &Context<'_>, root: &Name, outcomes: &Outcomes) -> Response {
    let mut writer = Writer::new(ctx.profile.prefixes);
    writer.start_root(root);
    write_propstats(&mut writer, outcomes);
    writer.end(root);
    let mut response = Response::new(Status::FORBIDDEN);
    response.set("Content-Type", "application/xml; charset=utf-8");
    response.set("Cache-Control", "no-cache");
    response.body = ResponseBody::Bytes(writer.into_bytes());
    response
}
