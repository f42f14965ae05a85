//! POST of many bodies at once, each to become a member of its own: what protocols share of
//! importing. The answer is that of Apple's "bulk change" draft, §3.

use xml::{Name, Writer};

use super::put::{check_place, commit_put};
use crate::body::multistatus::Multistatus;
use crate::error::HREF;
use crate::header::conditions;
use crate::profile::{Incoming, Origin};
use crate::request::Response;
use crate::resource::{Collection, Resource};
use crate::store::{Done, Expect};
use crate::{Context, Error};

/// One body of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the client knows it by.
    pub uid: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What the elements of an answer are called.
pub struct Elements {
    /// What holds [`Part::uid`].
    pub uid: Name,
    /// What holds a body, for clients that prefer to get it back. RFC 7240 §4.2.
    pub data: Name,
}

/// Stores each part as a member of `collection`, under a name that the server makes. What is refused
/// is told, and does not keep the others out.
pub fn run(
    ctx: &Context<'_>,
    collection: &Collection,
    parts: Vec<Part>,
    content_type: &str,
    elements: &Elements,
) -> Result<Response, Error> {
    let guard = conditions::check(ctx, Some(&Resource::Collection(collection.clone())))?;
    let kind = ctx.profile.kind(&collection.kind);
    let rule = kind.put.ok_or(Error::MethodNotAllowed)?;
    let mut multistatus = Multistatus::new(ctx);
    for part in parts {
        let path = collection.path.join(&(ctx.uuid() + kind.extension));
        let body = ctx.prefer.representation.then(|| part.body.clone());
        let stored = check_place(ctx, &guard, &path, collection, None)
            .and_then(|()| {
                let incoming = Incoming {
                    origin: Origin::Post,
                    path: &path,
                    collection,
                    existing: None,
                    source: None,
                    content_type: Some(content_type),
                    body: part.body,
                };
                rule(ctx, incoming)
            })
            .and_then(|accepted| {
                let changed = accepted.changed;
                let done = commit_put(ctx, &guard, &path, accepted, Expect::Missing)?;
                Ok((done, changed))
            });
        let out = multistatus.writer();
        match stored {
            Ok((done, changed)) => {
                let href = ctx.href(&path, false);
                let etag = match done.first() {
                    Some(Done::Written { etag, .. }) if !changed => Some(etag.quoted()),
                    _ => None,
                };
                write_stored(out, &href, etag.as_deref(), &part.uid, body, elements);
            }
            Err(error @ (Error::Internal(_) | Error::Busy | Error::Closed)) => return Err(error),
            Err(error) => write_refused(out, &error, &part.uid, elements),
        }
        multistatus.flush()?;
    }
    multistatus.finish()
}

fn write_stored(
    out: &mut Writer,
    href: &str,
    etag: Option<&str>,
    uid: &str,
    body: Option<Vec<u8>>,
    elements: &Elements,
) {
    out.raw(b"<D:response>");
    out.leaf(&HREF, href);
    out.raw(b"<D:propstat><D:prop>");
    if let Some(etag) = etag {
        out.leaf(&Name::dav("getetag"), etag);
    }
    out.leaf(&elements.uid, uid);
    if let Some(body) = body {
        out.leaf(&elements.data, &String::from_utf8_lossy(&body));
    }
    out.raw(b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>");
}

fn write_refused(out: &mut Writer, error: &Error, uid: &str, elements: &Elements) {
    let status = error.status();
    out.raw(b"<D:response><D:href/><D:status>");
    out.text(&format!("HTTP/1.1 {} {}", status.0, status.reason()));
    out.raw(b"</D:status><D:error>");
    error.write_condition(out);
    out.leaf(&elements.uid, uid);
    out.raw(b"</D:error>");
    if !matches!(error, Error::Violated(..)) {
        out.leaf(&Name::dav("responsedescription"), &error.to_string());
    }
    out.raw(b"</D:response>");
}
