//! The methods, one file each. RFC 4918 §9, RFC 9110 §9.3.

pub mod options;

use crate::request::Response;
use crate::{Context, Error};

pub(crate) fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    match ctx.method {
        "OPTIONS" => options::run(ctx),
        _ => Err(Error::NotImplemented),
    }
}
