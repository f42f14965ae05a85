//! What anonymous may do at all, found out before anything of the body is read: whoever must sign in
//! first should not have sent it in vain. RFC 9110 §15.5.2.

use crate::header::destination;
use crate::resource::{Resource, Want};
use crate::{Context, Error, Path, Rights};

/// Any of these lets a method begin. What it needs in particular, it asks for itself.
struct Needs {
    rights: Rights,
    /// The method also makes something new, with such a right on the collection above.
    creates: bool,
}

/// Fails with [`Error::Unauthenticated`] if whoever signs in might be let in where anonymous is not.
pub(crate) fn admit(ctx: &Context<'_>) -> Result<(), Error> {
    // Nobody has to sign in for OPTIONS.
    if ctx.user.is_some() || ctx.method == "OPTIONS" {
        return Ok(());
    }
    let needs = needs(ctx.method);
    check(ctx, &ctx.target.path, &needs)?;
    if matches!(ctx.method, "COPY" | "MOVE") {
        let making = Needs {
            rights: Rights::INSERT.and(Rights::CREATE),
            creates: true,
        };
        check(ctx, &destination::parse(ctx)?, &making)?;
    }
    Ok(())
}

fn needs(method: &str) -> Needs {
    let writing = Rights::WRITE.and(Rights::INSERT).and(Rights::ANNOTATE);
    let (rights, creates) = match method {
        "GET" | "HEAD" | "REPORT" | "COPY" => (Rights::READ, false),
        "PUT" => (Rights::INSERT, true),
        "POST" => (Rights::INSERT, false),
        "MKCOL" => (Rights::CREATE, true),
        "LOCK" => (writing, true),
        "PROPPATCH" => (writing, false),
        "DELETE" | "MOVE" => (Rights::DELETE.and(Rights::REMOVE), false),
        "ACL" => (Rights::ADMINISTER, false),
        // PROPFIND, UNLOCK, and what a protocol adds, which may make something new.
        _ => (Rights::LOOKUP, !matches!(method, "PROPFIND" | "UNLOCK")),
    };
    Needs { rights, creates }
}

fn check(ctx: &Context<'_>, path: &Path, needs: &Needs) -> Result<(), Error> {
    let found = match (ctx.find(path, &Want::default())?, path.parent()) {
        (None, Some(parent)) if needs.creates => ctx.find(&parent, &Want::default())?,
        (found, _) => found,
    };
    let admits = |resource: &Resource| resource.rights().has_any(needs.rights);
    match found.as_ref().is_some_and(admits) {
        true => Ok(()),
        false => Err(Error::Unauthenticated),
    }
}
