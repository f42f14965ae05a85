//! `?davmount`: a small document that makes a desktop open the collection in its WebDAV client.
//! RFC 4709.

use dav::{Context, Path, Response, ResponseBody, Status};
use xml::{Name, Writer};

const NS: &str = "http://purl.org/NET/webdav/mount";

/// Whether the request asks for it.
pub(crate) fn is_asked(ctx: &Context<'_>) -> bool {
    ctx.query
        .is_some_and(|query| query.split('&').any(|part| part == "davmount"))
}

/// The document: the home to be mounted, and the collection in it to be shown. RFC 4709 §3.
pub(crate) fn document(ctx: &Context<'_>, path: &Path) -> Response {
    const HOME_LEN: usize = 2;
    let (home, below) = path
        .parts()
        .split_at_checked(HOME_LEN)
        .unwrap_or((path.parts(), &[]));
    let home = ctx.href(&Path::new(home.iter().cloned()), true);
    let open = ctx.href(&Path::new(below.iter().cloned()), true);
    // The href of what is below begins with the mount and a slash.
    let open = open.get(ctx.mount.len() + 1..).unwrap_or_default();

    let name = |local| Name::new(NS, local);
    let mut writer = Writer::new(&[(NS, "dm")]);
    writer.start_root(&name("mount"));
    writer.leaf(
        &name("url"),
        &format!("{}://{}{home}", ctx.scheme, ctx.authority),
    );
    if !open.is_empty() {
        writer.leaf(&name("open"), open);
    }
    if let Some(user) = ctx.user_id() {
        writer.leaf(&name("username"), user);
    }
    writer.end(&name("mount"));
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", "application/davmount+xml");
    response.set("Cache-Control", "private");
    response.body = ResponseBody::Bytes(writer.into_bytes());
    response
}
