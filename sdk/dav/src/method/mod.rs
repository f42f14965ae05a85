//! The methods, one file each. RFC 4918 §9, RFC 9110 §9.3.

pub mod acl;
pub mod copy;
pub mod delete;
pub mod export;
pub mod get;
pub mod import;
pub mod lock;
pub mod mkcol;
pub mod move_;
pub mod options;
pub mod post;
pub mod propfind;
pub mod proppatch;
pub mod put;
pub mod report;
pub mod unlock;

use crate::error::RESOURCE_MUST_BE_NULL;
use crate::request::Response;
use crate::{Context, Error};

/// The methods of the engine, for a mount that lets all of them through; those of a profile are not
/// among them.
pub const METHODS: [&str; 15] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "ACL",
];

/// Answers the request with its method, those of the profile first.
pub(crate) fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    if ctx
        .profile
        .methods
        .iter()
        .any(|method| method.name == ctx.method)
    {
        let resource = ctx.find_target()?;
        let own = ctx.profile.methods.iter().find(|method| {
            method.name == ctx.method
                && match &resource {
                    Some(resource) => method.mapped && method.on.includes(resource),
                    None => !method.mapped,
                }
        });
        if let Some(method) = own {
            return (method.run)(ctx, resource.as_ref());
        }
    }
    match ctx.method {
        "OPTIONS" => options::run(ctx),
        "GET" | "HEAD" => get::run(ctx),
        "PUT" => put::run(ctx),
        "POST" => post::run(ctx),
        "DELETE" => delete::run(ctx),
        "MKCOL" => mkcol::run(ctx),
        "COPY" => copy::run(ctx),
        "MOVE" => move_::run(ctx),
        "PROPFIND" => propfind::run(ctx),
        "PROPPATCH" => proppatch::run(ctx),
        "LOCK" => lock::run(ctx),
        "UNLOCK" => unlock::run(ctx),
        "REPORT" => report::run(ctx),
        "ACL" => acl::run(ctx),
        own if ctx.profile.methods.iter().any(|method| method.name == own) => {
            let mut methods = ctx.profile.methods.iter();
            let is_for_mapped = methods.any(|method| method.name == own && method.mapped);
            Err(match ctx.find_target()? {
                Some(_) if is_for_mapped => Error::MethodNotAllowed,
                // It makes something: RFC 4918 §9.3.1 has the condition.
                Some(_) => RESOURCE_MUST_BE_NULL.error(),
                None => Error::NotFound,
            })
        }
        _ => Err(Error::NotImplemented),
    }
}
