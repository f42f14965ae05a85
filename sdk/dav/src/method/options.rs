//! OPTIONS: what a resource can do. RFC 9110 §9.3.7, RFC 4918 §10.1.

use crate::request::{Response, Status};
use crate::resource::Resource;
use crate::{Context, Error};

/// What the engine supports of itself. RFC 4918 §18, RFC 3744 §7.2, RFC 5689 §3.1.
const DAV_TOKENS: &str = "1, 2, 3, access-control, extended-mkcol";

/// Answers OPTIONS. Nobody has to sign in for it, and nothing has to be there: clients ask for the
/// server as such, and Finder and the Windows redirector ask before they do anything else.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let mut response = Response::new(Status::OK);
    response.set("Allow", allow(ctx)?);
    let mut dav = DAV_TOKENS.to_owned();
    for token in ctx.profile.dav_tokens {
        dav.push_str(", ");
        dav.push_str(token);
    }
    response.set("DAV", dav);
    // Without it the Windows redirector takes the server for one of FrontPage.
    response.set("MS-Author-Via", "DAV");
    Ok(response)
}

/// The value of `Allow` for the target.
pub fn allow(ctx: &Context<'_>) -> Result<String, Error> {
    let resource = ctx.find_target()?;
    Ok(methods(ctx, resource.as_ref()).join(", "))
}

/// The methods that a resource has, or a URL that is not mapped.
pub fn methods(ctx: &Context<'_>, resource: Option<&Resource>) -> Vec<&'static str> {
    let mut methods = vec!["OPTIONS"];
    match resource {
        Some(Resource::Collection(collection)) => {
            let kind = ctx.profile.kind(&collection.kind);
            methods.extend([
                "GET",
                "HEAD",
                "PROPFIND",
                "PROPPATCH",
                "REPORT",
                "ACL",
                "DELETE",
            ]);
            methods.extend(["COPY", "MOVE", "LOCK", "UNLOCK"]);
            if kind.add_member || kind.post.is_some() {
                methods.push("POST");
            }
        }
        Some(Resource::Member(..)) => {
            methods.extend([
                "GET",
                "HEAD",
                "PUT",
                "DELETE",
                "PROPFIND",
                "PROPPATCH",
                "REPORT",
            ]);
            methods.extend(["COPY", "MOVE", "LOCK", "UNLOCK"]);
        }
        Some(Resource::Principal(_)) => {
            methods.extend(["GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT"])
        }
        None => methods.extend(["PUT", "MKCOL", "LOCK"]),
    }
    // Clients ask before they sign in, and some go no further without PROPFIND.
    if resource.is_none() && ctx.user.is_none() {
        methods.extend(["GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT", "ACL"]);
        methods.extend(["DELETE", "COPY", "MOVE", "UNLOCK"]);
    }
    let own = ctx.profile.methods.iter().filter(|method| match resource {
        Some(resource) => method.mapped && method.on.includes(resource),
        None => !method.mapped,
    });
    for method in own {
        if !methods.contains(&method.name) {
            methods.push(method.name);
        }
    }
    methods
}
